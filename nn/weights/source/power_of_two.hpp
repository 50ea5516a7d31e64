#pragma once

#include <cstdint>
#include <span>

namespace lightloom::nn {

/// Signed powers of two with a bounded exponent window: 0 or +-2^p, p in [top - count + 1, top]. A
/// word of `bits` bits holds a sign and an exponent number: 0 for zero, e for 2^(top - count + e);
/// count = 2^(bits - 1) - 1.
struct PowerCode {
  int bits = 4;
  int top = 0;  // the largest exponent

  [[nodiscard]] int exponents() const { return (1 << (bits - 1)) - 1; }
  [[nodiscard]] int lowest() const { return top - exponents() + 1; }
};

/// The exponent of the nearest power of two in the linear sense (threshold 1.5 * 2^k, ties to the
/// lower); magnitude > 0.
int nearest_exponent(float magnitude);

/// The exponent of the largest magnitude; 0 for an all-zero tensor.
int top_exponent(std::span<const float> values);

/// Magnitudes that round below the window become zero; those above it the largest power.
std::uint32_t power_word(const PowerCode& code, float value);
float power_value(const PowerCode& code, std::uint32_t word);

/// power_value(power_word(x)) for every element.
void round_to_powers(const PowerCode& code, std::span<const float> x, std::span<float> out);

}  // namespace lightloom::nn
