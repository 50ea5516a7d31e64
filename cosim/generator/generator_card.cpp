#include "cosim/generator/generator_card.hpp"

#include <algorithm>
#include <cmath>

#include "core/constants.hpp"

namespace lightloom::cosim {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step; }

GenerationCost electronic_cost(const ElectronicGenerator& card, const nn::RegenerationWork& work) {
  const auto macs = static_cast<double>(work.intra_macs + work.cross_macs);
  const auto shifts = static_cast<double>(work.shifts), adds = static_cast<double>(work.adds);
  const auto lookups = static_cast<double>(work.lookups);
  return {.time_ns = macs / card.macs_per_ns + std::max(shifts, adds) / card.shift_adds_per_ns +
                     lookups / card.lookups_per_ns,
          .arithmetic_pJ = macs * card.mac_pJ + shifts * card.shift_pJ + adds * card.add_pJ +
                           lookups * card.lookup_pJ};
}

GenerationCost photonic_cost(const GeneratorCard& generator, const GenerationWork& work) {
  const PhotonicGenerator& card = generator.photonic;
  const std::int64_t set_words = work.intra_words + work.cross_words;
  const double words = static_cast<double>(set_words + work.basis_words);
  const double load_ns = std::ceil(words / card.dac_lanes) *
                         std::max(card.word_bits, work.word_bits) / card.dac_rate_Gbps;
  const auto shots = static_cast<double>(divide_up(work.intra_shots, card.intra_replicas) +
                                         divide_up(work.cross_shots, card.cross_replicas));
  const auto intra = static_cast<double>(work.intra_shots),
             cross = static_cast<double>(work.cross_shots);
  const double modulated = intra * card.intra_columns + cross * card.cross_columns;
  const double detected = intra * card.intra_rows + cross * card.cross_rows;
  const double held =
      static_cast<double>(card.intra_rows) * card.intra_columns * card.intra_replicas +
      static_cast<double>(card.cross_rows) * card.cross_columns * card.cross_replicas;
  GenerationCost cost;
  cost.time_ns = load_ns + (set_words > 0 ? card.settle_ns : 0) + shots * card.shot_ns;
  cost.conversion_pJ =
      words * card.dac_pJ + modulated * card.modulate_pJ + detected * card.detect_pJ;
  if (generator.handover == Handover::digital)
    cost.conversion_pJ += static_cast<double>(work.weights) * card.adc_pJ;
  cost.laser_pJ = cost.time_ns * (card.laser_power_mW + held * card.hold_power_mW);
  return cost;
}

}  // namespace

FactorShape factor_shape(const nn::TwoLevelFactors& f) {
  return {.out = f.out,
          .in = f.in,
          .area = f.area,
          .cross = f.cross,
          .intra = f.intra,
          .intra_level = !f.u.empty(),
          .cross_level = !f.v.empty()};
}

void describe(Section& section, ElectronicGenerator& card) {
  section.value("macs_per_ns", card.macs_per_ns, positive);
  section.value("shift_adds_per_ns", card.shift_adds_per_ns, positive);
  section.value("lookups_per_ns", card.lookups_per_ns, positive);
  section.value("mac_pJ", card.mac_pJ, not_negative);
  section.value("add_pJ", card.add_pJ, not_negative);
  section.value("shift_pJ", card.shift_pJ, not_negative);
  section.value("lookup_pJ", card.lookup_pJ, not_negative);
  section.value("static_power_mW", card.static_power_mW, not_negative);
  section.value("area_mm2", card.area_mm2, not_negative);
}

void describe(Section& section, PhotonicGenerator& card) {
  const Range count{.low = 1, .high = 1 << 20};
  section.value("intra_rows", card.intra_rows, count);
  section.value("intra_columns", card.intra_columns, count);
  section.value("intra_replicas", card.intra_replicas, count);
  section.value("cross_rows", card.cross_rows, count);
  section.value("cross_columns", card.cross_columns, count);
  section.value("cross_replicas", card.cross_replicas, count);
  section.value("shot_ns", card.shot_ns, positive);
  section.value("dac_lanes", card.dac_lanes, count);
  section.value("dac_rate_Gbps", card.dac_rate_Gbps, positive);
  section.value("word_bits", card.word_bits, {.low = 1, .high = 32});
  section.value("settle_ns", card.settle_ns, not_negative);
  section.value("dac_pJ", card.dac_pJ, not_negative);
  section.value("modulate_pJ", card.modulate_pJ, not_negative);
  section.value("detect_pJ", card.detect_pJ, not_negative);
  section.value("adc_pJ", card.adc_pJ, not_negative);
  section.value("laser_power_mW", card.laser_power_mW, not_negative);
  section.value("hold_power_mW", card.hold_power_mW, not_negative);
  section.value("static_power_mW", card.static_power_mW, not_negative);
  section.value("area_mm2", card.area_mm2, not_negative);
}

void describe(Section& section, GeneratorCard& card) {
  section.value("rate_scale", card.rate_scale, positive);
  section.value("energy_scale", card.energy_scale, not_negative);
  section.choice("kind", card.kind,
                 {{"none", GeneratorKind::none},
                  {"electronic", GeneratorKind::electronic},
                  {"photonic", GeneratorKind::photonic}});
  section.choice("handover", card.handover,
                 {{"digital", Handover::digital}, {"analog", Handover::analog}});
  section.card("electronic", card.electronic);
  section.card("photonic", card.photonic);
  section.card("noise", card.noise);
  if (card.handover == Handover::analog && card.kind == GeneratorKind::electronic)
    section.problem("handover", "cannot be analog for an electronic generator");
  if (card.handover == Handover::analog && card.noise.handover_bits > 0)
    section.problem("noise",
                    "has handover_bits, but an analog hand-over has no converter (set it to 0)");
}

std::int64_t intra_shots(const PhotonicGenerator& card, const FactorShape& shape) {
  if (!shape.intra_level) return 0;
  return std::int64_t{shape.cross} * shape.area * divide_up(shape.in, card.intra_rows) *
         divide_up(shape.intra, card.intra_columns);
}

std::int64_t cross_shots(const PhotonicGenerator& card, const FactorShape& shape, std::int64_t rows,
                         std::int64_t columns) {
  if (!shape.cross_level) return 0;
  return columns * divide_up(rows, card.cross_rows) * divide_up(shape.cross, card.cross_columns);
}

GenerationCost generation_cost(const GeneratorCard& card, const GenerationWork& work,
                               bool two_level) {
  const bool photonic = card.kind == GeneratorKind::photonic && two_level;
  GenerationCost cost =
      photonic ? photonic_cost(card, work) : electronic_cost(card.electronic, work.operations);
  cost.time_ns /= card.rate_scale;
  cost.arithmetic_pJ *= card.energy_scale;
  cost.conversion_pJ *= card.energy_scale;
  cost.laser_pJ *= card.energy_scale / card.rate_scale;
  return cost;
}

void describe(Section& section, GenerationLatencyCard& card) {
  section.value("dac_rate_Gbps", card.dac_rate_Gbps, positive);
  section.value("dac_bits", card.dac_bits, {.low = 1, .high = 32});
  section.value("modulation_ps", card.modulation_ps, not_negative);
  section.value("conversion_ps", card.conversion_ps, not_negative);
  section.value("ring_radius_um", card.ring_radius_um, not_negative);
  section.value("group_index", card.group_index, not_negative);
  section.value("intra", card.intra, {.low = 0, .high = 1e6});
  section.value("cross", card.cross, {.low = 0, .high = 1e6});
  section.value("weights", card.weights, not_negative);
  section.value("weight_bits", card.weight_bits, {.low = 1, .high = 64});
  section.value("memory_ratio", card.memory_ratio, not_negative);
  section.value("bandwidth_GBps", card.bandwidth_GBps, positive);
}

GenerationLatency generation_latency(const GenerationLatencyCard& card) {
  const double light_um_per_ps = constant::light_speed_m_per_s * 1e-6;
  GenerationLatency latency;
  latency.dac_ps = card.dac_bits / card.dac_rate_Gbps * 1e3;
  latency.modulation_ps = 2 * card.modulation_ps;
  latency.conversion_ps = 2 * card.conversion_ps;
  latency.propagation_ps =
      card.group_index * 4 * (card.intra + card.cross) * card.ring_radius_um / light_um_per_ps;
  latency.total_ps =
      latency.dac_ps + latency.modulation_ps + latency.propagation_ps + latency.conversion_ps;
  latency.saved_ns =
      (1 - card.memory_ratio) * card.weights * card.weight_bits / 8 / card.bandwidth_GBps;
  return latency;
}

}  // namespace lightloom::cosim
