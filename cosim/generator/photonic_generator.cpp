#include "cosim/generator/photonic_generator.hpp"

#include <algorithm>
#include <cmath>

#include "cosim/generator/generator_table.hpp"
#include "cosim/generator/optical_generator.hpp"

namespace lightloom::cosim {

namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step; }

/// Sources that are no two-level product are left to the electronic unit.
GenerationCost photonic_cost(const GeneratorCard& generator, const GenerationWork& work) {
  if (!work.factors) return electronic_cost(generator.electronic, work.operations);
  const auto& card = generator.own.get<PhotonicGenerator>();
  const std::int64_t level_1 =
      std::llround(static_cast<double>(intra_shots(card, *work.factors)) * work.kernel_share);
  const std::int64_t level_2 = cross_shots(card, *work.factors, work.rows, work.columns);
  const std::int64_t set_words = work.intra_words + work.cross_words;
  const double words = static_cast<double>(set_words + work.basis_words);
  const double load_ns = std::ceil(words / card.dac_lanes) *
                         std::max(card.word_bits, work.word_bits) / card.dac_rate_Gbps;
  const auto shots = static_cast<double>(divide_up(level_1, card.intra_replicas) +
                                         divide_up(level_2, card.cross_replicas));
  const auto intra = static_cast<double>(level_1), cross = static_cast<double>(level_2);
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

GeneratorEntry photonic_generator() {
  return {.name = "photonic",
          .describe =
              [](Section& section, GeneratorCard& card) {
                section.card("photonic", card.own.get<PhotonicGenerator>());
              },
          .cost = photonic_cost,
          .figures =
              [](const GeneratorCard& card) {
                const auto& own = card.own.get<PhotonicGenerator>();
                return GeneratorFigures{own.static_power_mW, own.area_mm2};
              },
          .regenerate =
              [](const GeneratorCard& card, const nn::TwoLevelFactors& factors,
                 const WeightWrite& write, std::span<float> dense) {
                regenerate_optically(factors, card.noise, write, dense);
              },
          .drives_core = true};
}

}  // namespace lightloom::cosim
