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
}

}  // namespace

void describe(Section& section, GeneratorCard& card) {
  section.value("rate_scale", card.rate_scale, positive);
  section.default_from("rate_scale", "1 is the generator as its card says");
  section.value("energy_scale", card.energy_scale, not_negative);
  section.default_from("energy_scale", "1 is the generator as its card says");
  std::vector<std::string> kinds = generator_kinds();
  kinds.insert(kinds.begin(), no_generator);
  section.choice("kind", card.kind, kinds);
  section.choice("handover", card.handover,
                 {{"digital", Handover::digital}, {"analog", Handover::analog}});
  for (const std::string& kind : generator_kinds())
    if (const GeneratorEntry& entry = generator_entry(kind); entry.describe)
      entry.describe(section, card);
  if (section.raw("noise") != nullptr)
    section.problem("noise",
                    "cannot be chosen any more: it follows from the generator's light, devices and "
                    "converters (leave it out and give photonic.bits or photonic.laser_power_mW)");
  check_handover(section, card);
}

}  // namespace lightloom::cosim
