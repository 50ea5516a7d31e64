#pragma once

#include <span>

namespace lightloom::nn {

/// Turns `values` in place into what the DoReFa quantiser maps back to them: atanh(value / gain)
/// from 2 bits on, value / gain for 1 bit. Returns the gain: 1 while all magnitudes are at most
/// 0.95, else the one that brings the largest to 0.9.
float to_latent(std::span<float> values, int bits);

/// The same for a given gain: atanh(value / gain), arguments limited to 0.999.
void to_latent(std::span<float> values, int bits, float gain);

}  // namespace lightloom::nn
