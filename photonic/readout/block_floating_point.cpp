#include "photonic/readout/block_floating_point.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

namespace lightloom::photonic {

double block_levels(int bits) { return std::exp2(bits - 1) - 1; }

float to_bfloat16(float value) {
  constexpr std::uint32_t half = 0x7fff, kept = 0xffff0000;
  const auto word = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((word + half + (word >> 16 & 1U)) & kept);
}

float block_scale(float largest) {
  const float scale = to_bfloat16(largest);
  return scale > 0 && std::isfinite(scale) ? scale : 1.0F;
}

void describe(Section& section, BlockFloatingPoint& card) {
  section.must_have("gain");
  section.value("gain", card.gain, positive);
  section.choice("weight_scale", card.weights,
                 {{"row", WeightBlock::row}, {"tile", WeightBlock::tile}});
}

}  // namespace lightloom::photonic
