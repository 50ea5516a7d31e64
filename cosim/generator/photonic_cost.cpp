#include "cosim/generator/photonic_cost.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "cosim/generator/generator_light.hpp"
#include "photonic/cores/core_cost.hpp"

namespace lightloom::cosim {
namespace {

using Levels = PhotonicGenerator::Levels;

/// What one level's banks cost. Inputs without a DAC and outputs without an ADC belong to analog
/// hand-overs.
struct Level {
  double rows = 0, columns = 0, replicas = 1;
  bool adc = true, dac = true;
  photonic::CoreCost cost;  // of one bank
  photonic::CoreCard core;

  [[nodiscard]] double shot_pJ() const {
    const double input = cost.input_energy_pJ - (dac ? 0 : core.input_dac.energy_pJ());
    const double output = cost.output_energy_pJ - (adc ? 0 : core.output_adc.energy_pJ());
    return columns * input + rows * output;
  }
  [[nodiscard]] double hold_mW() const {
    return replicas * static_cast<double>(cost.devices) * cost.hold_power_mW;
  }
  [[nodiscard]] double setting_operations() const {
    return cost.devices > 0 ? cost.decompose_operations / static_cast<double>(cost.devices) : 0;
  }
  [[nodiscard]] std::int64_t dacs() const {
    return dac ? std::llround(replicas * columns) * core.input_dac.interleaved(core.symbol_rate_GHz)
               : 0;
  }
  [[nodiscard]] std::int64_t adcs() const {
    return adc ? std::llround(replicas * rows) * core.output_adc.interleaved(core.symbol_rate_GHz)
               : 0;
  }
};

Level level_of(const GeneratorBank& bank, bool dac, bool adc) {
  Level level{.rows = static_cast<double>(bank.core.core_rows()),
              .columns = static_cast<double>(bank.core.core_columns()),
              .replicas = static_cast<double>(bank.replicas),
              .adc = adc,
              .dac = dac};
  level.cost = photonic::core_cost(bank.core);
  level.core = bank.core;
  return level;
}

/// The banks of a card with their light.
struct Banks {
  PhotonicGenerator card;
  GeneratorLight light;
  Level intra, cross;
};

Banks banks_of(const GeneratorCard& generator) {
  Banks banks{.card = generator.own.get<PhotonicGenerator>()};
  banks.light = generator_light(banks.card);
  const auto [intra, cross] = generator_banks(banks.card, banks.light.power_per_input_mW);
  const bool between = banks.card.levels == Levels::digital;
  banks.intra = level_of(intra, true, between);
  banks.cross = level_of(cross, between, generator.handover == Handover::digital);
  return banks;
}

/// Shots of both levels and the times that banks are set.
struct Shots {
  std::int64_t intra = 0, cross = 0;  // through any bank
  std::int64_t rounds = 0;            // one after another
  std::int64_t settings = 0;          // of banks, one after another
};

/// Banks of level 1 that a share of the layer's kernels has to be set in.
std::int64_t intra_settings(const PhotonicGenerator& card, const GenerationWork& work) {
  const FactorShape& f = *work.factors;
  const double banks = static_cast<double>(f.cross * divide_up(f.in, card.intra_rows) *
                                           divide_up(f.intra, card.intra_columns));
  return divide_up(std::llround(std::ceil(banks * work.kernel_share)), card.intra_replicas);
}

Shots shots_of(const PhotonicGenerator& card, const GenerationWork& work) {
  Shots shots;
  shots.intra =
      std::llround(static_cast<double>(intra_shots(card, *work.factors)) * work.kernel_share);
  shots.cross = cross_shots(card, *work.factors, work.rows, work.columns);
  shots.rounds =
      divide_up(shots.intra, card.intra_replicas) + divide_up(shots.cross, card.cross_replicas);
  if (work.intra_words > 0) shots.settings += intra_settings(card, work);
  if (work.cross_words > 0)
    shots.settings += divide_up(
        divide_up(work.rows, card.cross_rows) * divide_up(work.factors->cross, card.cross_columns),
        card.cross_replicas);
  return shots;
}

/// Level 1 runs as long as level 2 does, which takes its outputs as they come.
void run_together(const PhotonicGenerator& card, const FactorShape& f, Shots& shots) {
  if (!f.intra_level || !f.cross_level) return;
  require(f.cross <= card.intra_replicas,
          "an analog hand-over between the generator's levels needs a bank of level 1 for every "
          "one of the {} kernels of a layer, not {} (give intra_replicas, or levels: digital)",
          f.cross, card.intra_replicas);
  require(f.intra <= card.intra_columns && f.cross <= card.cross_columns,
          "an analog hand-over between the generator's levels adds up nothing between shots: {} "
          "basis kernels and {} kernels need as many columns, not {} and {} (give intra_columns "
          "and cross_columns, or levels: digital)",
          f.intra, f.cross, card.intra_columns, card.cross_columns);
  shots.rounds = divide_up(shots.cross, card.cross_replicas);
  shots.intra = shots.rounds * f.cross;
}

GenerationCost cost_on(const Banks& banks, const GenerationWork& work) {
  const PhotonicGenerator& card = banks.card;
  Shots shots = shots_of(card, work);
  if (card.levels == Levels::analog) run_together(card, *work.factors, shots);
  const auto set_words = static_cast<double>(work.intra_words + work.cross_words);
  const double load_ns = std::ceil(set_words / card.dac_lanes) *
                         std::max(card.word_bits, work.word_bits) / card.dac_rate_Gbps;
  GenerationCost cost;
  cost.time_ns = load_ns + static_cast<double>(shots.settings) * banks.cross.cost.settle_ns +
                 static_cast<double>(shots.rounds) * card.shot_ns;
  cost.conversion_pJ = set_words * banks.cross.cost.write_energy_pJ +
                       static_cast<double>(shots.intra) * banks.intra.shot_pJ() +
                       static_cast<double>(shots.cross) * banks.cross.shot_pJ();
  const bool lit = card.bank.laser.duty == photonic::LaserDuty::streaming;
  cost.laser_pJ = cost.time_ns * ((lit ? banks.light.laser_power_mW : 0) + banks.intra.hold_mW() +
                                  banks.cross.hold_mW());
  cost.setting_operations =
      static_cast<double>(work.intra_words) * banks.intra.setting_operations() +
      static_cast<double>(work.cross_words) * banks.cross.setting_operations();
  return cost;
}

/// Areas of one level's banks, converters that it has not left out.
void add_areas(const Level& level, std::vector<GeneratorFigures::Part>& parts) {
  for (const photonic::CoreCost::Part& part : level.cost.parts) {
    if ((part.component == "ADC" && !level.adc) || (part.component == "DAC" && !level.dac))
      continue;
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [&](const auto& p) { return p.component == part.component; });
    const double area = level.replicas * part.area_mm2;
    if (found != parts.end())
      found->area_mm2 += area;
    else if (area > 0)
      parts.push_back({part.component, area});
  }
}

}  // namespace

GeneratorCost photonic_cost(const GeneratorCard& generator) {
  return
      [banks = banks_of(generator), electronic = generator.electronic](const GenerationWork& work) {
        return work.factors ? cost_on(banks, work) : electronic_cost(electronic, work.operations);
      };
}

GeneratorFigures photonic_figures(const GeneratorCard& generator) {
  const Banks banks = banks_of(generator);
  const PhotonicGenerator& card = banks.card;
  GeneratorFigures figures;
  figures.static_power_mW = card.static_power_mW +
                            banks.intra.replicas * banks.intra.cost.static_power_mW +
                            banks.cross.replicas * banks.cross.cost.static_power_mW;
  add_areas(banks.intra, figures.parts);
  add_areas(banks.cross, figures.parts);
  const photonic::Converter& dac = card.bank.input_dac;
  const int setting_dacs = card.dac_lanes * dac.interleaved(card.dac_rate_Gbps / card.word_bits);
  figures.parts.push_back({"setting DAC", setting_dacs * dac.area_um2 * 1e-6});
  figures.area_mm2 = card.area_mm2;
  for (const GeneratorFigures::Part& part : figures.parts) figures.area_mm2 += part.area_mm2;
  figures.adcs = banks.intra.adcs() + banks.cross.adcs();
  figures.dacs = banks.intra.dacs() + banks.cross.dacs() + setting_dacs;
  figures.light = {.laser_power_mW = banks.light.laser_power_mW,
                   .noise_of_full_scale = banks.light.noise_of_full_scale,
                   .bits_uniform = banks.light.bits_uniform,
                   .bits_converted = banks.light.bits_converted};
  figures.keeps_kernels = card.levels == Levels::digital;
  return figures;
}

}  // namespace lightloom::cosim
