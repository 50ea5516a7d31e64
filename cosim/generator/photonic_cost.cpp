#include "cosim/generator/photonic_cost.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "cosim/generator/generator_light.hpp"
#include "photonic/cores/core_cost.hpp"

namespace lightloom::cosim {
namespace {

using Levels = PhotonicGenerator::Levels;

/// What one level's banks cost.
struct Level {
  double rows = 0, columns = 0, replicas = 1;
  bool adc = true;          // there are ADCs behind the banks
  photonic::CoreCost cost;  // of one bank
  photonic::CoreCard core;

  /// Of one shot. Inputs without a DAC and outputs without an ADC belong to analog hand-overs.
  [[nodiscard]] double shot_pJ(bool with_dac, bool with_adc) const {
    const double input = cost.input_energy_pJ - (with_dac ? 0 : core.input_dac.energy_pJ());
    const double output = cost.output_energy_pJ - (with_adc ? 0 : core.output_adc.energy_pJ());
    return columns * input + rows * output;
  }
  [[nodiscard]] double hold_mW() const {
    return replicas * static_cast<double>(cost.devices) * cost.hold_power_mW;
  }
  [[nodiscard]] double setting_operations() const {
    return cost.devices > 0 ? cost.decompose_operations / static_cast<double>(cost.devices) : 0;
  }
  [[nodiscard]] std::int64_t dacs() const {
    return std::llround(replicas * columns) * core.input_dac.interleaved(core.symbol_rate_GHz);
  }
  [[nodiscard]] std::int64_t adcs() const {
    return adc ? std::llround(replicas * rows) * core.output_adc.interleaved(core.symbol_rate_GHz)
               : 0;
  }
};

Level level_of(const GeneratorBank& bank, bool adc) {
  Level level{.rows = static_cast<double>(bank.core.core_rows()),
              .columns = static_cast<double>(bank.core.core_columns()),
              .replicas = static_cast<double>(bank.replicas),
              .adc = adc};
  level.cost = photonic::core_cost(bank.core);
  level.core = bank.core;
  return level;
}

/// The banks of a card with their light.
struct Banks {
  PhotonicGenerator card;
  bool digital_weights = true;  // the weights are digitised, not handed over as light
  double add_pJ = 0, adds_per_ns = 1;
  GeneratorLight light;
  Level intra, cross;
};

/// Level 2 has its DACs for layers whose kernels are stored, level 1 its ADCs for layers that end
/// there, whatever is between the levels.
Banks banks_of(const GeneratorCard& generator) {
  Banks banks{.card = generator.own.get<PhotonicGenerator>(),
              .digital_weights = generator.handover == Handover::digital,
              .add_pJ = generator.electronic.add_pJ,
              .adds_per_ns = generator.electronic.shift_adds_per_ns};
  banks.light = generator_light(banks.card);
  const auto [intra, cross] = generator_banks(banks.card, banks.light.power_per_input_mW);
  banks.intra = level_of(intra, banks.card.levels == Levels::digital || banks.digital_weights);
  banks.cross = level_of(cross, banks.digital_weights);
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
  shots.rounds = divide_up(shots.cross, card.cross_replicas);
  shots.intra = shots.rounds * f.cross;
}

/// Bias currents that take off the constant of (1 + x) / 2: one a row, set with its coefficients.
double bias_words(const PhotonicGenerator& card, const GenerationWork& work) {
  const FactorShape& f = *work.factors;
  double words = 0;
  if (work.intra_words > 0)
    words += work.kernel_share * static_cast<double>(std::int64_t{f.cross} * f.in *
                                                     divide_up(f.intra, card.intra_columns));
  if (work.cross_words > 0)
    words += static_cast<double>(work.rows * divide_up(f.cross, card.cross_columns));
  return std::ceil(words);
}

/// Words that are brought to the scale of their output, a product each: the basis where level 1 is
/// the last (its coefficients are in units of their bank's largest in any case), else V.
double scaled_words(const PhotonicGenerator& card, const GenerationWork& work) {
  if (card.scales == PhotonicGenerator::Scales::layer) return 0;
  return static_cast<double>(work.factors->cross_level ? work.cross_words : work.basis_words);
}

/// Additions of readings over more columns than a bank has.
double sums(const PhotonicGenerator& card, const GenerationWork& work) {
  const FactorShape& f = *work.factors;
  double count = 0;
  if (f.intra_level)
    count += work.kernel_share * static_cast<double>(std::int64_t{f.cross} * f.in * f.area *
                                                     (divide_up(f.intra, card.intra_columns) - 1));
  if (f.cross_level)
    count += static_cast<double>(std::int64_t{work.rows} * work.columns *
                                 (divide_up(f.cross, card.cross_columns) - 1));
  return count;
}

GenerationCost cost_on(const Banks& banks, const GenerationWork& work) {
  const PhotonicGenerator& card = banks.card;
  const FactorShape& f = *work.factors;
  require_reachable(card, banks.digital_weights, f);
  const bool digital = card.levels == Levels::digital;
  Shots shots = shots_of(card, work);
  if (!digital) run_together(card, f, shots);
  const auto coefficients = static_cast<double>(work.intra_words + work.cross_words);
  const double words = coefficients + bias_words(card, work), adds = sums(card, work);
  const double load_ns = std::ceil(words / card.dac_lanes) *
                         std::max(card.word_bits, work.word_bits) / card.dac_rate_Gbps;
  const double shots_ns = static_cast<double>(shots.rounds) * card.shot_ns;
  GenerationCost cost;
  cost.time_ns = load_ns + static_cast<double>(shots.settings) * banks.cross.cost.settle_ns +
                 std::max(shots_ns, adds / banks.adds_per_ns);
  const bool intra_adc = f.cross_level ? digital : banks.digital_weights;
  const bool cross_dac = digital || !f.intra_level;
  cost.conversion_pJ =
      words * banks.cross.cost.write_energy_pJ +
      static_cast<double>(shots.intra) * banks.intra.shot_pJ(true, intra_adc) +
      static_cast<double>(shots.cross) * banks.cross.shot_pJ(cross_dac, banks.digital_weights);
  cost.arithmetic_pJ = adds * banks.add_pJ;
  const bool lit = card.bank.laser.duty == photonic::LaserDuty::streaming;
  cost.laser_pJ = cost.time_ns * ((lit ? banks.light.laser_power_mW : 0) + banks.intra.hold_mW() +
                                  banks.cross.hold_mW());
  // A bias is the sum of its row: an addition a coefficient.
  cost.setting_operations =
      static_cast<double>(work.intra_words) * (banks.intra.setting_operations() + 1) +
      static_cast<double>(work.cross_words) * (banks.cross.setting_operations() + 1) +
      scaled_words(card, work);
  return cost;
}

/// Areas of one level's banks, converters that it has not left out.
void add_areas(const Level& level, std::vector<GeneratorFigures::Part>& parts) {
  for (const photonic::CoreCost::Part& part : level.cost.parts) {
    if (part.component == "ADC" && !level.adc) continue;
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
  figures.word_bits = card.bank.output_adc.bits;
  return figures;
}

}  // namespace lightloom::cosim
