#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// What weights have a scale of their own in block floating point.
enum class WeightBlock {
  row,   // those of one output in a tile
  tile,  // all of a tile
};

/// Block floating point around a core whose converters have bits (b_x of the DACs, b_y of the
/// ADCs): each input vector of a tile is sent in units of s_x, its own largest magnitude, each
/// block of weights is set in units of s_w, both rounded to bfloat16, and the ADC has a fixed
/// range,
///     y = (s_w s_x n / G) Q_y{ (G / n) sum_j Q_w(w_j / s_w) Q_x(x_j / s_x) },
/// n the columns of the core, Q_b rounding to steps of 1 / (2^(b-1) - 1) and saturating at one.
/// (Adaptive block floating point: Basumallik et al., arXiv 2205.06287.)
struct BlockFloatingPoint {
  double gain = 0;  // G, of the amplifiers before the ADCs; 0: no block floating point
  WeightBlock weights = WeightBlock::row;
  [[nodiscard]] bool used() const { return gain > 0; }
};

/// Steps of a code of `bits` bits from zero to its end: 2^(b-1) - 1.
double block_levels(int bits);

/// The nearest number of eight significant bits (ties to even), as bfloat16 has them.
constexpr float to_bfloat16(float value) {
  constexpr std::uint32_t half = 0x7fff, kept = 0xffff0000;
  const auto word = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((word + half + (word >> 16 & 1U)) & kept);
}

/// The scale of a block whose largest magnitude is `largest`: that as bfloat16, 1 for zero.
constexpr float block_scale(float largest) {
  const float scale = to_bfloat16(largest);
  return scale > 0 && scale <= std::numeric_limits<float>::max() ? scale : 1.0F;
}

void describe(Section& section, BlockFloatingPoint& card);

}  // namespace lightloom::photonic
