#pragma once

#include <span>

#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// What of the squared error of a layer's outputs depends on the full scale X of its inputs, summed
/// over the outputs of one input vector, in network units.
struct InputRangeError {
  double weights = 0;  // sum of the squared weights: error of clipped and of rounded inputs
  double levels = 0;   // steps of the DAC from 0 to 1; 0: no rounding
  double steady = 0;   // variance of the read-out at X = 1, whatever the light
  double shot = 0;     // and what light of 1 at every input adds to it
  photonic::InputCoding coding = photonic::InputCoding::intensity;
};

/// The expected squared error that a full scale X leaves of inputs of these magnitudes |x|:
///     weights (mean max(0, |x| - X)^2 + (X / levels)^2 / 12 (share of x != 0))
///     + X^2 (steady + shot mean min(1, |x| / X)^p),   p = 1 for intensities, 2 for fields.
double error_of_range(std::span<const float> magnitudes, double full_scale,
                      const InputRangeError& error);

/// The full scale with the least of it among X = max |x| / 2^(k/8), k = 0..64. Returns 1 if all
/// inputs are zero.
double best_input_scale(std::span<const float> magnitudes, const InputRangeError& error);

}  // namespace lightloom::cosim
