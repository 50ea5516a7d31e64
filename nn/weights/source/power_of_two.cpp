#include "nn/weights/source/power_of_two.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::nn {

int nearest_exponent(float magnitude) {
  int exponent = 0;
  const float fraction =
      std::frexp(magnitude, &exponent);  // in [0.5, 1): magnitude = 2 fraction 2^(exponent - 1)
  return fraction > 0.75f ? exponent : exponent - 1;
}

int top_exponent(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest > 0 ? nearest_exponent(largest) : 0;
}

std::uint32_t power_word(const PowerCode& code, float value) {
  if (value == 0.0f) return 0;
  const int exponent = std::min(nearest_exponent(std::abs(value)), code.top);
  if (exponent < code.lowest()) return 0;
  const auto number = static_cast<std::uint32_t>(exponent - code.lowest() + 1);
  return value < 0.0f ? number | (1u << (code.bits - 1)) : number;
}

float power_value(const PowerCode& code, std::uint32_t word) {
  const std::uint32_t sign = 1u << (code.bits - 1);
  const auto number = static_cast<int>(word & (sign - 1));
  if (number == 0) return 0.0f;
  const float magnitude = std::ldexp(1.0f, code.lowest() + number - 1);
  return (word & sign) != 0 ? -magnitude : magnitude;
}

void round_to_powers(const PowerCode& code, std::span<const float> x, std::span<float> out) {
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = power_value(code, power_word(code, x[i]));
}

}  // namespace lightloom::nn
