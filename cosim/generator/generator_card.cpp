#include "cosim/generator/generator_card.hpp"

#include "core/error.hpp"
#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {

namespace {

void check_handover(Section& section, const GeneratorCard& card) {
  if (card.handover != Handover::analog) return;
  if (card.present() && !generator_entry(card.kind).drives_core) {
    const bool vowel = std::string_view("aeiou").find(card.kind.front()) != std::string_view::npos;
    section.problem("handover", fmt::format("cannot be analog for {} {} generator",
                                            vowel ? "an" : "a", card.kind));
  }
  if (card.noise.handover_bits > 0)
    section.problem("noise",
                    "has handover_bits, but an analog hand-over has no converter (set it to 0)");
}

}  // namespace

void describe(Section& section, GeneratorCard& card) {
  section.value("rate_scale", card.rate_scale, positive);
  section.value("energy_scale", card.energy_scale, not_negative);
  std::vector<std::string> kinds = generator_kinds();
  kinds.insert(kinds.begin(), no_generator);
  section.choice("kind", card.kind, kinds);
  section.choice("handover", card.handover,
                 {{"digital", Handover::digital}, {"analog", Handover::analog}});
  for (const std::string& kind : generator_kinds())
    if (const GeneratorEntry& entry = generator_entry(kind); entry.describe)
      entry.describe(section, card);
  section.card("noise", card.noise);
  check_handover(section, card);
}

}  // namespace lightloom::cosim
