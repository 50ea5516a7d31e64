#pragma once

#include <cstdint>
#include <string>

namespace lightloom {

/// What one number of a file is made of.
struct NumberType {
  char kind = 'f';       // f IEEE 754 binary, B bfloat16, c complex, i integer, u unsigned, b bool
  int width = 4;         // bytes: f 2, 4, 8; B 2; i and u 1, 2, 4, 8; b 1; in NumPy's files also
                         // f 12, 16 (long doubles) and c 8, 16, 24, 32 (two floats)
  bool swapped = false;  // big-endian

  /// "float32", as NumPy names it.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool whole() const { return kind == 'i' || kind == 'u' || kind == 'b'; }
  bool operator==(const NumberType&) const = default;
};

/// The real number at the front of `bytes`, of which there are as many as one number of at most 8
/// bytes has.
double number_of(const std::uint8_t* bytes, const NumberType& type);
/// A whole number there; an unsigned one past the largest is the largest.
std::int64_t whole_number_of(const std::uint8_t* bytes, const NumberType& type);

/// IEEE 754 half precision, and the upper half of a float (bfloat16).
float half_number(std::uint16_t bits);
float bfloat_number(std::uint16_t bits);

}  // namespace lightloom
