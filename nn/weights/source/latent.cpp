#include "nn/weights/source/latent.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::nn {

float to_latent(std::span<float> values, int bits) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  const float gain = bits == 1 || largest <= 0.95f ? 1.0f : largest / 0.9f;
  to_latent(values, bits, gain);
  return gain;
}

void to_latent(std::span<float> values, int bits, float gain) {
  for (float& value : values) {
    value /= gain;
    if (bits > 1) value = std::atanh(std::clamp(value, -0.999f, 0.999f));
  }
}

}  // namespace lightloom::nn
