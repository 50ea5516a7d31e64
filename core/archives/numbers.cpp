#include "core/archives/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lightloom {
namespace {

static_assert(std::endian::native == std::endian::little);

std::uint64_t bits_of(const std::uint8_t* bytes, const NumberType& type) {
  std::uint64_t value = 0;
  for (int i = 0; i < type.width; ++i)
    value = value << 8 | bytes[type.swapped ? i : type.width - 1 - i];
  return value;
}

std::int64_t with_sign(std::uint64_t bits, int width) {
  const int shift = 64 - 8 * width;
  return static_cast<std::int64_t>(bits << shift) >> shift;
}

}  // namespace

std::string NumberType::name() const {
  if (kind == 'b') return "bool";
  if (kind == 'B') return "bfloat16";
  if (kind == 'c') return fmt::format("complex{}", 8 * width);
  return fmt::format("{}{}", kind == 'f' ? "float" : kind == 'i' ? "int" : "uint", 8 * width);
}

float half_number(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const float sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 31) return mantissa ? std::copysign(std::nanf(""), sign) : sign * INFINITY;
  return exponent == 0 ? sign * std::ldexp(static_cast<float>(mantissa), -24)
                       : sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

float bfloat_number(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

double number_of(const std::uint8_t* bytes, const NumberType& type) {
  const std::uint64_t bits = bits_of(bytes, type);
  if (type.kind == 'u' || type.kind == 'b') return static_cast<double>(bits);
  if (type.kind == 'i') return static_cast<double>(with_sign(bits, type.width));
  if (type.kind == 'B') return bfloat_number(static_cast<std::uint16_t>(bits));
  if (type.width == 8) return std::bit_cast<double>(bits);
  if (type.width == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return half_number(static_cast<std::uint16_t>(bits));
}

std::int64_t whole_number_of(const std::uint8_t* bytes, const NumberType& type) {
  const std::uint64_t bits = bits_of(bytes, type);
  if (type.kind == 'i') return with_sign(bits, type.width);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(bits, static_cast<std::uint64_t>(most)));
}

}  // namespace lightloom
