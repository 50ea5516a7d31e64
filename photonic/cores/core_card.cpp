#include "photonic/cores/core_card.hpp"

#include "core/error.hpp"
#include "photonic/cores/core_age.hpp"

namespace lightloom::photonic {
namespace {

constexpr int usual_size = 64;

CoreSize size_of(const CoreCard& card) {
  const CoreEntry& entry = core_entry(card.kind);
  if (entry.size) return entry.size(card);
  return {card.rows > 0 ? card.rows : usual_size, card.columns > 0 ? card.columns : usual_size};
}

/// `age_s` is the age of every kind that has one, whatever its own key for it says.
void describe_age(Section& section, CoreCard& card) {
  if (!section.has("age_s")) return;
  double age_s = 0;
  section.value("age_s", age_s, not_negative);
  try {
    card = aged_core(card, age_s);
  } catch (const Error& error) {
    section.problem("age_s", std::string("cannot be had: ") + error.what());
  }
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
  section.value("readings", card.readings, {.low = 1, .high = 100});
  section.card("input_dac", card.input_dac);
  section.card("output_adc", card.output_adc);
  const CoreEntry& entry = core_entry(card.kind);
  if (entry.describe) entry.describe(section, card);
  describe_age(section, card);
}

CoreCard default_card(const std::string& kind) {
  Tree tree = Tree::mapping();
  tree.at_or_add("kind") = Tree::of(kind);
  return read_card<CoreCard>(tree);
}

std::unique_ptr<TensorCore> make_core(const CoreCard& card) {
  return core_entry(card.kind).make(card);
}

}  // namespace lightloom::photonic
