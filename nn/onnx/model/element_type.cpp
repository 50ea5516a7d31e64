#include "nn/onnx/model/element_type.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

namespace lightloom::nn::onnx {
namespace {

struct ElementKind {
  const char* name;
  int bits;  // of integers
  bool sign;
};

const std::map<ElementType, ElementKind>& kinds() {
  using T = ElementType;
  static const std::map<T, ElementKind> all{
      {T::float32, {"FLOAT", 0, true}},   {T::float64, {"DOUBLE", 0, true}},
      {T::float16, {"FLOAT16", 0, true}}, {T::bfloat16, {"BFLOAT16", 0, true}},
      {T::int8, {"INT8", 8, true}},       {T::int16, {"INT16", 16, true}},
      {T::int32, {"INT32", 32, true}},    {T::int64, {"INT64", 64, true}},
      {T::uint8, {"UINT8", 8, false}},    {T::uint16, {"UINT16", 16, false}},
      {T::uint32, {"UINT32", 32, false}}, {T::uint64, {"UINT64", 64, false}},
      {T::boolean, {"BOOL", 1, false}},   {T::uint4, {"UINT4", 4, false}},
      {T::int4, {"INT4", 4, true}},       {T::uint2, {"UINT2", 2, false}},
      {T::int2, {"INT2", 2, true}},
  };
  return all;
}

/// Rounds to a significand of `bits` (hidden one included), down to `smallest` exponent.
double to_significand(double value, int bits, int smallest) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), smallest);
  return std::ldexp(std::nearbyint(std::ldexp(value, bits - 1 - exponent)), exponent - bits + 1);
}

}  // namespace

bool held(ElementType type) { return kinds().contains(type); }

bool is_integer(ElementType type) {
  const auto found = kinds().find(type);
  return found != kinds().end() && found->second.bits > 0;
}

std::string name_of(ElementType type) {
  const auto found = kinds().find(type);
  if (found != kinds().end()) return found->second.name;
  static const std::map<int, const char*> others{
      {8, "STRING"},          {14, "COMPLEX64"},      {15, "COMPLEX128"},
      {17, "FLOAT8E4M3FN"},   {18, "FLOAT8E4M3FNUZ"}, {19, "FLOAT8E5M2"},
      {20, "FLOAT8E5M2FNUZ"}, {23, "FLOAT4E2M1"},     {24, "FLOAT8E8M0"}};
  const auto other = others.find(static_cast<int>(type));
  return other != others.end() ? other->second : fmt::format("type {}", static_cast<int>(type));
}

float rounded(double value, ElementType type) {
  if (type == ElementType::float16) {
    const double half = to_significand(value, 11, -14);
    return static_cast<float>(std::abs(half) > 65504 ? std::copysign(INFINITY, half) : half);
  }
  if (type == ElementType::bfloat16) value = to_significand(value, 8, -126);
  return static_cast<float>(value);
}

std::int64_t wrapped(std::int64_t value, ElementType type) {
  const ElementKind& kind = kinds().at(type);
  if (type == ElementType::boolean) return value != 0;
  if (kind.bits == 64) return value;
  const std::int64_t span = std::int64_t{1} << kind.bits;
  const std::int64_t low = value & (span - 1);
  return kind.sign && low >= span / 2 ? low - span : low;
}

std::int64_t lowest(ElementType type) {
  const ElementKind& kind = kinds().at(type);
  return kind.sign ? std::numeric_limits<std::int64_t>::min() >> (64 - kind.bits) : 0;
}

std::int64_t highest(ElementType type) {
  const ElementKind& kind = kinds().at(type);
  const int bits = kind.sign || kind.bits == 64 ? std::min(kind.bits, 64) - 1 : kind.bits;
  return std::numeric_limits<std::int64_t>::max() >> (63 - bits);
}

float half_value(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  double value = exponent == 31  ? (fraction != 0 ? NAN : INFINITY)
                 : exponent == 0 ? std::ldexp(fraction, -24)
                                 : std::ldexp(1024 + fraction, exponent - 25);
  return static_cast<float>((bits & 0x8000) != 0 ? -value : value);
}

float brain_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace lightloom::nn::onnx
