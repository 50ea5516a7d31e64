#include "cosim/analog/readout/input_code.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::cosim {
namespace {

/// Codes a row of values. Returns how many were out of range.
std::int64_t code_row(const float* values, int count, const InputCode& code, float* coded) {
  const float unit = code.sign / code.full_scale;
  if (!code.bounded) {
    for (int i = 0; i < count; ++i) coded[i] = values[i] * unit;
    return 0;
  }
  constexpr float slack = 1.0F + 1e-6F;  // the calibrated maximum itself must not count as clipped
  const float least = code.other_sign_follows ? -INFINITY : code.lowest * slack;
  const float levels = code.levels;
  int outside = 0;
  for (int i = 0; i < count; ++i) {
    const float x = values[i] * unit;
    outside += static_cast<int>(x > slack) + static_cast<int>(x < least);
    const float inside = std::min(std::max(x, code.lowest), 1.0F);
    coded[i] = levels > 0 ? std::nearbyint(inside * levels) / levels : inside;
  }
  return outside;
}

}  // namespace

InputCode input_code(photonic::InputCoding coding, int bits, float full_scale, int pass) {
  InputCode code{.sign = pass == 0 ? 1.0F : -1.0F, .full_scale = full_scale};
  code.bounded = coding != photonic::InputCoding::digital || bits > 0;
  code.lowest = coding == photonic::InputCoding::intensity ? 0.0F : -1.0F;
  if (bits > 0)
    code.levels = std::exp2(static_cast<float>(code.lowest < 0 ? bits - 1 : bits)) - 1.0F;
  return code;
}

void take_signs_apart(InputCode& code) {
  code.lowest = 0;
  code.bounded = code.other_sign_follows = code.signs_apart = true;
}

void take_bit(std::span<const float> coded, float levels, int bit, std::span<float> plane) {
  assert(plane.size() == coded.size());
  for (std::size_t i = 0; i < coded.size(); ++i) {
    const auto magnitude = static_cast<std::uint32_t>(std::nearbyint(std::fabs(coded[i]) * levels));
    const bool sent = (magnitude >> bit & 1U) != 0;
    plane[i] = sent ? std::copysign(1.0F, coded[i]) : 0.0F;
  }
}

std::int64_t code_values(std::span<const float> values, const InputCode& code,
                         std::span<float> coded) {
  assert(coded.size() == values.size());
  return code_row(values.data(), static_cast<int>(values.size()), code, coded.data());
}

std::int64_t code_inputs(const LaidOutLayer& layer, std::span<const float> map,
                         const InputCode& code, std::span<float> coded) {
  const auto& [shape, layout] = layer;
  assert(coded.size() >= layout.values(shape));
  const int row = shape.in_width * shape.in_channels;
  std::int64_t outside = 0;
  for (int y = 0; y < shape.in_height; ++y) {
    const int to =
        ((y + shape.padding.top) * layout.padded_width + shape.padding.left) * shape.in_channels;
    outside += code_row(map.data() + std::int64_t{y} * row, row, code, coded.data() + to);
  }
  return outside;
}

}  // namespace lightloom::cosim
