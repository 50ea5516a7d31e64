#pragma once

#include <array>

#include "cosim/generator/photonic_generator.hpp"
#include "photonic/readout/readout_noise.hpp"

namespace lightloom::cosim {

/// One level's banks: equal tensor cores.
struct GeneratorBank {
  photonic::CoreCard core;
  int replicas = 1;
};

/// What a generator's light is worth. All inputs of all banks get the same optical power.
struct GeneratorLight {
  double laser_power_mW = 0;      // electrical, of all banks
  double power_per_input_mW = 0;  // optical, at the laser
  /// Standard deviation of one full-scale product that goes through both levels, in units of that
  /// product: twice the noise of a core's link budget at each level, because (1 + x) / 2 is sent
  /// for x. Without converters.
  double noise_of_full_scale = 0;
  double bits_uniform = 0;    // log2(2 / (sqrt(12) noise)), of numbers that fill [-1, 1]
  double bits_converted = 0;  // the same with the rounding and noise of the ADCs that the
                              // hand-overs have
};

/// The light that the card asks for: of its laser, or of the smallest laser that gives its bits.
/// Throws `Error` where intensity noise keeps every laser from them.
GeneratorLight generator_light(const PhotonicGenerator& card);

/// Levels 1 and 2, lit by `power_per_input_mW`.
std::array<GeneratorBank, 2> generator_banks(const PhotonicGenerator& card,
                                             double power_per_input_mW);

/// Most bits that any laser gives: intensity noise grows with the signal.
double most_bits(const PhotonicGenerator& card);

}  // namespace lightloom::cosim
