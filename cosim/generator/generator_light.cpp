#include "cosim/generator/generator_light.hpp"

#include <cmath>

#include "core/error.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/studies/link_budget.hpp"

namespace lightloom::cosim {
namespace {

/// Numbers of both signs are sent as (1 + x) / 2: half the signal.
constexpr double sign_offset_factor = 2;

/// Variance of one full-scale product through both levels as a function of 1 / power: amplifiers
/// and dark current go with its square, shot noise with itself, laser noise stays.
struct NoiseLaw {
  double additive = 0, shot = 0, relative = 0;

  [[nodiscard]] double variance(double power_mW) const {
    return additive / (power_mW * power_mW) + shot / power_mW + relative;
  }
  /// Power at which the variance is `wanted`, above `relative`.
  [[nodiscard]] double power_mW(double wanted) const {
    const double left = wanted - relative;
    // additive u^2 + shot u = left for u = 1 / power, in the form that loses no digits.
    return (shot + std::sqrt(shot * shot + 4 * additive * left)) / (2 * left);
  }
};

NoiseLaw noise_law(const PhotonicGenerator& card) {
  NoiseLaw law;
  for (const GeneratorBank& bank : generator_banks(card, 1)) {
    const photonic::ReadoutNoise noise = photonic::core_optics(bank.core).noise;
    const double light = 1 + noise.dark;
    const double square = sign_offset_factor * sign_offset_factor;
    law.additive += square * noise.additive * noise.additive;
    // The bias current that takes off the constant half has shot noise of its own.
    law.shot += square * noise.shot * noise.shot * (light + 0.5 + noise.dark);
    law.relative += square * std::pow(noise.relative * light * (1 + noise.leak), 2);
  }
  return law;
}

double inputs_of(const PhotonicGenerator& card) {
  return static_cast<double>(card.intra_columns) * card.intra_replicas +
         static_cast<double>(card.cross_columns) * card.cross_replicas;
}

/// Variance of an output's ADC, in units of a full-scale product whose range it has.
double adc_variance(const photonic::Converter& adc) {
  return adc.bits > 0 ? std::pow(adc.error_lsb() * std::exp2(1 - adc.bits), 2) : 0;
}

double bits_of(double variance) { return photonic::enob_uniform(2, std::sqrt(variance)); }

}  // namespace

std::array<GeneratorBank, 2> generator_banks(const PhotonicGenerator& card,
                                             double power_per_input_mW) {
  photonic::CoreCard core = card.bank;
  core.symbol_rate_GHz = 1 / card.shot_ns;
  core.laser.power_per_input_mW = power_per_input_mW;
  std::array<GeneratorBank, 2> banks{GeneratorBank{core, card.intra_replicas},
                                     GeneratorBank{core, card.cross_replicas}};
  banks[0].core.rows = card.intra_rows;
  banks[0].core.columns = card.intra_columns;
  banks[1].core.rows = card.cross_rows;
  banks[1].core.columns = card.cross_columns;
  return banks;
}

double most_bits(const PhotonicGenerator& card) { return bits_of(noise_law(card).relative); }

GeneratorLight generator_light(const PhotonicGenerator& card) {
  const NoiseLaw law = noise_law(card);
  const double inputs = inputs_of(card), wall_plug = card.bank.laser.wall_plug;
  GeneratorLight light{.laser_power_mW = card.laser_power_mW};
  if (light.laser_power_mW == 0) {
    const double bits = card.bits > 0 ? card.bits : PhotonicGenerator::usual_bits;
    const double wanted = std::pow(2 / (std::sqrt(12.0) * std::exp2(bits)), 2);
    require(wanted > law.relative,
            "{:.3g} bits of the generator's light are out of reach: the laser's intensity noise "
            "leaves {:.3g} at any power (ask for fewer, or take a quieter laser or longer shots)",
            bits, bits_of(law.relative));
    light.laser_power_mW = law.power_mW(wanted) * inputs / wall_plug;
  }
  light.power_per_input_mW = light.laser_power_mW * wall_plug / inputs;
  const double variance = law.variance(light.power_per_input_mW);
  const bool between = card.levels == PhotonicGenerator::Levels::digital;
  light.noise_of_full_scale = std::sqrt(variance);
  light.bits_uniform = bits_of(variance);
  light.bits_converted = bits_of(variance + (between ? 2 : 1) * adc_variance(card.bank.output_adc));
  return light;
}

}  // namespace lightloom::cosim
