#include "cosim/analog/readout/block_scaling.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace lightloom::cosim {
namespace {

/// Magnitudes are in the order of their bits, which a compiler may compare side by side.
float largest_of(std::span<const float> values) {
  constexpr std::uint32_t magnitude = 0x7fffffff;
  std::uint32_t largest = 0;
  for (const float x : values)
    largest = std::max(largest, std::bit_cast<std::uint32_t>(x) & magnitude);
  return std::bit_cast<float>(largest);
}

}  // namespace

std::vector<float> scale_weights(photonic::WeightBlock block, std::span<float> weights, int rows,
                                 int columns) {
  const auto width = static_cast<std::size_t>(columns), height = static_cast<std::size_t>(rows);
  const std::size_t size = block == photonic::WeightBlock::row ? width : width * height;
  std::vector<float> scales;
  for (std::size_t first = 0; first < weights.size(); first += size) {
    const std::span<float> of_block = weights.subspan(first, size);
    const float scale = photonic::block_scale(largest_of(of_block));
    for (float& w : of_block) w /= scale;
    scales.insert(scales.end(), size / width, scale);
  }
  return scales;
}

void code_blocks(const InputDacs& dacs, int positions, SentInputs& sent) {
  const InputCode& code = dacs.code;
  const std::size_t inputs = sent.values.size() / static_cast<std::size_t>(positions);
  sent.scales.resize(static_cast<std::size_t>(positions));
  for (std::size_t p = 0; p < sent.scales.size(); ++p) {
    const std::span<float> vector = std::span(sent.values).subspan(p * inputs, inputs);
    const float scale = photonic::block_scale(largest_of(vector)), unit = 1 / scale;
    sent.scales[p] = scale;
    for (float& x : vector) {
      const float inside = std::min(std::max(x * unit, code.lowest), 1.0F);
      x = std::nearbyint(inside * code.levels) / code.levels;
    }
    if (!dacs.curves.empty())
      for (std::size_t c = 0; c < inputs; ++c)
        vector[c] = dac_output(dacs.curves[c], code, vector[c]);
  }
}

void add_blocks(const BlockSums& sums, const ReadoutBlock& block) {
  const std::size_t rows = sums.weight_scales.size();
  for (std::size_t p = 0; p < sums.vector_scales.size(); ++p) {
    const float scale = sums.gain * sums.vector_scales[p];
    const float* from = sums.sums.data() + p * rows;
    float* to = block.outputs + static_cast<std::int64_t>(p) * block.output_stride;
    for (std::size_t r = 0; r < rows; ++r) to[r] += scale * sums.weight_scales[r] * from[r];
  }
}

}  // namespace lightloom::cosim
