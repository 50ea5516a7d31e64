#include "photonic/cores/core_card.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"
#include "photonic/cores/core_age.hpp"
#include "photonic/cores/core_cost.hpp"
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

/// Inputs that are sent bit by bit.
void check_serial(Section& section, const CoreCard& card) {
  if (!card.reads.in_bits()) return;
  const Converter& dac = card.input_dac;
  if (dac.bits < 1 || dac.bits > most_serial_bits)
    section.problem("input_coding", fmt::format("sends inputs bit by bit, and input_dac.bits is {} "
                                                "(give 1 to {})",
                                                dac.bits, most_serial_bits));
  if (dac.offset_lsb > 0 || dac.gain_sigma > 0 || dac.inl_lsb > 0)
    section.problem("input_coding",
                    "sends inputs bit by bit, on or off: there are no levels that input_dac's "
                    "offset_lsb, gain_sigma and inl_lsb could bend (leave these out)");
}

void check_phases(Section& section, const CoreCard& card) {
  if (card.reads.phases == ReadPhases::four &&
      core_entry(card.kind).signs == WeightSigns::inseparable)
    section.problem("read_phases",
                    fmt::format("cannot be 4 on a core of kind '{}', whose positive and negative "
                                "weights are not read apart (give 1, 2 or auto)",
                                card.kind));
  if (card.input_dac.time_ns > 0)
    section.problem("input_dac",
                    "has a time_ns, which is for output_adc (symbol_rate_GHz says how "
                    "fast inputs are sent)");
}

/// The table of precisions, and whether it knows the card's.
void describe_precision(Section& section, CoreCard& card) {
  card.precision = {};
  const bool there = section.optional_section(
      "precision", [&](Section& inner) { describe(inner, card.precision); });
  if (!there || card.precision.entries.empty()) return;
  const PrecisionTable& table = card.precision;
  const int rows = table.rows > 0 ? table.rows : card.core_rows(),
            columns = table.columns > 0 ? table.columns : card.core_columns();
  if (rows != card.core_rows() || columns != card.core_columns())
    section.problem(
        "precision",
        fmt::format("counts the operations of an array of {} x {}, and this core has {} "
                    "x {} (give the core that size, or leave rows and columns out of "
                    "`precision` if its figures hold for an array of any size)",
                    rows, columns, card.core_rows(), card.core_columns()));
  try {
    precision_of(card);
  } catch (const Error& error) {
    section.problem("precision", std::string("does not fit: ") + error.what());
  }
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

/// What a range of inputs other than the largest cannot be had with.
void check_range(Section& section, const CoreCard& card) {
  if (card.input_range == InputRange::largest) return;
  if (card.blocks.used())
    section.problem("input_range",
                    "is one for all vectors of a layer, and with block_floating_point each has a "
                    "scale of its own (leave one of them out)");
  else if (core_optics(card).coding == InputCoding::offset)
    section.problem("input_range",
                    "weighs the light that inputs are, and those sent by an offset are half of the "
                    "light whatever their range (leave it out, or choose differential or two_pass "
                    "signs)");
  else if (core_optics(card).coding == InputCoding::digital && card.input_dac.bits == 0)
    section.problem("input_range",
                    "is what a converter of inputs spans, and this core takes any number (give "
                    "input_dac.bits, or leave it out)");
}

/// What weights have scales of their own with already.
void check_scales(Section& section, const CoreCard& card) {
  if (card.weight_scales == WeightScales::output && card.blocks.used())
    section.problem("weight_scales",
                    "gives the weights of an output a scale, and so does block_floating_point "
                    "(leave one of them out)");
}

/// What errors of whole products and scales of whole vectors cannot be had with.
void check_whole_products(Section& section, const CoreCard& card) {
  for (const auto& [key, used] : {std::pair{"measured", card.measured.used()},
                                  {"block_floating_point", card.blocks.used()}}) {
    if (!used) continue;
    if (card.reads.in_bits() || card.reads.phases == ReadPhases::four)
      section.problem(key,
                      "is about whole products, and input_coding or read_phases have the core read "
                      "parts of them (give input_coding levels and read_phases auto, 1 or 2)");
    if (core_optics(card).slices > 1)
      section.problem(key,
                      "is about whole products, and the core reads its weights in slices "
                      "(give cells.slices 1)");
  }
}

/// Where the weights of a column cannot share levels.
void check_sparse_dac(Section& section, const CoreCard& card) {
  if (!card.sparse_dac.used()) return;
  constexpr std::string_view key = "sparse_dac";
  const CoreEntry& entry = core_entry(card.kind);
  const std::string reason =
      entry.unequal_levels
          ? entry.unequal_levels(card)
          : fmt::format(
                "is for cores whose cells hold one weight each, set by a DAC, and those of "
                "kind '{}' do not (mrr-bank and incoherent-crossbar do)",
                card.kind);
  if (!reason.empty()) section.problem(key, reason);
  if (card.weight_scales == WeightScales::output || card.blocks.used())
    section.problem(key,
                    "gives equal weights of a column one level, and weight_scales: output or "
                    "block_floating_point gives them a scale by output (leave one of them out)");
}

/// What cores that modulate both operands do not do.
void check_operands(Section& section, const CoreCard& card) {
  if (!core_optics(card).operands.present()) return;
  const std::string kind = fmt::format(
      "is not for cores of kind '{}', which send and convert "
      "both operands anew with every symbol (leave it out)",
      card.kind);
  if (card.reads != ReadScheme{}) section.problem("input_coding", "or read_phases " + kind);
  if (card.input_range != InputRange::largest) section.problem("input_range", kind);
  if (card.weight_scales != WeightScales::tile) section.problem("weight_scales", kind);
  if (card.readings > 1) section.problem("readings", kind);
  if (!card.precision.entries.empty()) section.problem("precision", kind);
  if (card.output_adc.time_ns > 0) section.problem("output_adc", "has a time_ns, which " + kind);
  if (card.measured.used()) section.problem("measured", kind);
  if (card.blocks.used()) section.problem("block_floating_point", kind);
  if (card.weight_path.used()) section.problem("weight_path", kind);
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
  section.choice("input_range", card.input_range,
                 {{"largest", InputRange::largest}, {"least_error", InputRange::least_error}});
  section.choice("weight_scales", card.weight_scales,
                 {{"tile", WeightScales::tile}, {"output", WeightScales::output}});
  section.card("input_dac", card.input_dac);
  section.card("output_adc", card.output_adc);
  describe(section, card.reads);
  section.optional_section("measured", [&](Section& inner) { describe(inner, card.measured); });
  section.optional_section("weight_path",
                           [&](Section& inner) { describe_path(inner, card.weight_path); });
  section.optional_section("sparse_dac", [&](Section& inner) { describe(inner, card.sparse_dac); });
  describe_blocks(section, card);
  const CoreEntry& entry = core_entry(card.kind);
  if (entry.describe) entry.describe(section, card);
  describe_precision(section, card);
  check_serial(section, card);
  check_phases(section, card);
  check_range(section, card);
  check_scales(section, card);
  check_whole_products(section, card);
  check_operands(section, card);
  check_sparse_dac(section, card);
  describe_age(section, card);
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
