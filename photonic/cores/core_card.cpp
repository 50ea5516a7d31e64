#include "photonic/cores/core_card.hpp"

#include <fmt/format.h>

#include "photonic/cores/core_table.hpp"
#include "photonic/cores/measured_core.hpp"

namespace lightloom::photonic {
namespace {

constexpr int usual_size = 64;

CoreSize size_of(const CoreCard& card) {
  const CoreEntry& entry = core_entry(card.kind);
  if (entry.size) return entry.size(card);
  return {card.rows > 0 ? card.rows : usual_size, card.columns > 0 ? card.columns : usual_size};
}

void describe_path(Section& section, WeightPath& path) {
  section.must_have("rate_MHz");
  section.value("rate_MHz", path.rate_MHz, positive);
  section.choice("unit", path.by_row, {{"tile", false}, {"row", true}});
  section.choice("regenerated", path.behind_generator, {{"through", true}, {"beside", false}});
}

void describe_blocks(Section& section, CoreCard& card) {
  constexpr std::string_view key = "block_floating_point";
  if (!section.optional_section(key, [&](Section& inner) { describe(inner, card.blocks); })) return;
  if (card.input_dac.bits < 2 || card.output_adc.bits < 2)
    section.problem(key, fmt::format("needs converters with bits (input_dac.bits is {}, "
                                     "output_adc.bits is {}; 2 or more of each)",
                                     card.input_dac.bits, card.output_adc.bits));
  if (card.output_adc.full_scale > 0)
    section.problem(key,
                    "sets the range of the ADCs, and so does output_adc.full_scale (leave one "
                    "of them out)");
}

}  // namespace

int CoreCard::core_rows() const { return size_of(*this).rows; }

int CoreCard::core_columns() const { return size_of(*this).columns; }

void describe_light(Section& section, CoreCard& card) {
  section.card("laser", card.laser);
  section.card("modulator", card.modulator);
  section.card("detector", card.detector);
  section.card("shifter", card.shifter);
}

void describe_phases(Section& section, CoreCard& card) {
  section.choice("correction", card.correction,
                 {{"none", Correction::none}, {"local", Correction::local}});
  section.value("phase_sigma_rad", card.phase_sigma_rad, not_negative);
  section.value("programming_sigma_rad", card.programming_sigma_rad, not_negative);
  section.value("phase_bits", card.phase_bits, {.low = 0, .high = 24});
  section.card("drift", card.drift);
}

void describe(Section& section, CoreCard& card) {
  const std::string before = card.kind;
  section.choice("kind", card.kind, core_kinds());
  if (card.kind != before) card = {.kind = card.kind};  // defaults of one kind are none of another
  section.value("rows", card.rows, {.low = 0, .high = 4096});
  section.value("columns", card.columns, {.low = 0, .high = 4096});
  section.value("symbol_rate_GHz", card.symbol_rate_GHz, positive);
  section.card("input_dac", card.input_dac);
  section.card("output_adc", card.output_adc);
  section.optional_section("measured", [&](Section& inner) { describe(inner, card.measured); });
  section.optional_section("weight_path",
                           [&](Section& inner) { describe_path(inner, card.weight_path); });
  describe_blocks(section, card);
  const CoreEntry& entry = core_entry(card.kind);
  if (entry.describe) entry.describe(section, card);
}

CoreCard default_card(const std::string& kind) {
  Tree tree = Tree::mapping();
  tree.at_or_add("kind") = Tree::of(kind);
  return read_card<CoreCard>(tree);
}

std::unique_ptr<TensorCore> make_core(const CoreCard& card) {
  return measured_core(core_entry(card.kind).make(card), card.measured);
}

}  // namespace lightloom::photonic
