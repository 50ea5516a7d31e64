#include "cosim/analog/readout/block_scaling.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace lightloom::cosim {
namespace {

/// Bits of the larger of two magnitudes, which are in the order of their bits: a compiler may
/// compare many side by side.
std::uint32_t larger(std::uint32_t largest, std::span<const float> values) {
  constexpr std::uint32_t magnitude = 0x7fffffff;
  for (const float x : values)
    largest = std::max(largest, std::bit_cast<std::uint32_t>(x) & magnitude);
  return largest;
}

float largest_of(std::span<const float> values) { return std::bit_cast<float>(larger(0, values)); }

/// A position's numbers of one run, where they lie in the map.
std::span<const float> numbers_of(const ReadoutBlock& block, std::size_t position,
                                  const InputRun& run) {
  return {block.map + block.bases[position] + run.offset, static_cast<std::size_t>(run.length)};
}

/// How the numbers of a vector become codes. A copy of one's own: steps in memory could be among
/// the numbers that are written, for all that a compiler knows.
struct VectorCode {
  float unit = 1, lowest = 0, levels = 1, step = 1;
};

float* write_codes(std::span<const float> numbers, const VectorCode code, float* to) {
  for (const float x : numbers) {
    const float inside = std::min(std::max(x * code.unit, code.lowest), 1.0F);
    *to++ = std::nearbyint(inside * code.levels) * code.step;
  }
  return to;
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
  scales.resize(scales.size() + 4 * readout_lanes);
  return scales;
}

void gather_blocks(std::span<const InputRun> runs, const InputDacs& dacs, ReadoutBlock& block,
                   SentInputs& sent) {
  const auto positions = static_cast<std::size_t>(block.positions);
  const std::size_t inputs = inputs_of(runs);
  sent.values.resize(positions * inputs);
  sent.bases.resize(positions);
  sent.scales.resize(positions);
  // All scales first: a position's codes would wait for its own.
  for (std::size_t p = 0; p < positions; ++p) {
    std::uint32_t largest = 0;
    for (const InputRun& run : runs) largest = larger(largest, numbers_of(block, p, run));
    sent.scales[p] = photonic::block_scale(std::bit_cast<float>(largest));
  }
  VectorCode code{
      .lowest = dacs.code.lowest, .levels = dacs.code.levels, .step = 1 / dacs.code.levels};
  float* to = sent.values.data();
  for (std::size_t p = 0; p < positions; ++p) {
    float* vector = to;
    code.unit = 1 / sent.scales[p];
    for (const InputRun& run : runs) to = write_codes(numbers_of(block, p, run), code, to);
    for (std::size_t c = 0; c < dacs.curves.size() && c < inputs; ++c)
      vector[c] = dac_output(dacs.curves[c], dacs.code, vector[c]);
    sent.bases[p] = static_cast<int>(p * inputs);
  }
  block.map = sent.values.data();
  block.bases = sent.bases.data();
}

}  // namespace lightloom::cosim
