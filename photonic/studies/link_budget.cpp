#include "photonic/studies/link_budget.hpp"

#include <cmath>

#include "core/error.hpp"
#include "photonic/cores/core_cost.hpp"

namespace lightloom::photonic {

double enob_sine(double sinad_db) { return (sinad_db - 1.76) / 6.02; }

double enob_uniform(double full_scale, double sigma) {
  return std::log2(full_scale / (std::sqrt(12.0) * sigma));
}

double snr_db(double signal_A, double variance_A2) {
  return 10 * std::log10(signal_A * signal_A / variance_A2);
}

LinkBudget link_budget(const CoreCard& card) {
  const CoreOptics optics = core_optics(card);
  require(optics.light, "a core of kind '{}' has no light, so no link budget", card.kind);
  const ReadoutNoise& noise = optics.noise;
  LinkBudget budget{.insertion_loss_db = optics.insertion_loss_db,
                    .detected_mW = power_behind_mW(card, optics.insertion_loss_db)};
  const double light = 1 + noise.dark, laser = noise.relative * light * (1 + noise.leak);
  budget.noise = std::sqrt(noise.additive * noise.additive + noise.shot * noise.shot * light +
                           noise.signal * noise.signal + laser * laser);
  budget.snr_db = snr_db(1, budget.noise * budget.noise);
  budget.enob_sine = enob_sine(budget.snr_db);
  budget.enob_uniform = enob_uniform(2, budget.noise);
  budget.adc_noise = card.output_adc.error_lsb() * std::exp2(1 - card.output_adc.bits);
  budget.enob_converted = enob_uniform(2, std::hypot(budget.noise, budget.adc_noise));
  return budget;
}

LaserRequirement required_laser_power(const CoreCard& card, double bits) {
  const auto reached = [&](double power_mW) {
    CoreCard trial = card;
    trial.laser.power_per_input_mW = power_mW;
    return link_budget(trial).enob_uniform >= bits;
  };
  double low = 1e-9, high = 1e9;  // mW; noise in units of the signal falls monotonically with power
  if (!reached(high)) return {.power_per_input_mW = 0, .reachable = false};
  while (high / low > 1 + 1e-12) {
    const double middle = std::sqrt(low * high);
    (reached(middle) ? high : low) = middle;
  }
  return {.power_per_input_mW = high, .reachable = true};
}

double sensitivity_laser_power_mW(const SensitivityRule& rule) {
  const double detector_mW =
      std::pow(10.0, (rule.loss_db + rule.sensitivity_dBm + 10 * std::log10(rule.fan_out)) / 10);
  return detector_mW * std::exp2(rule.bits) / rule.wall_plug /
         (1 - std::pow(10.0, -rule.extinction_db / 10));
}

}  // namespace lightloom::photonic
