#include "cosim/tile_readout.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

// A compiler extension of g++ and clang: sixteen floats, lowered to whatever the machine has.
// Library products reach 50 to 65 GFLOP/s at these tile sizes, this kernel 70 to 85
// (docs/performance.md), and the noise wants the sums in cache.
using Vector = float __attribute__((vector_size(4 * readout_lanes)));

Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/// sums (count, vectors * lanes) = inputs (count, stride) * weights (inputs, padded rows).
template <int count, int vectors>
void multiply(const float* inputs, std::int64_t stride, int columns, const float* weights,
              int padded_rows, float* sums) {
  Vector sum[count][vectors] = {};
  for (int k = 0; k < columns; ++k) {
    Vector weight[vectors];
    for (int v = 0; v < vectors; ++v)
      weight[v] = load(weights + std::int64_t{k} * padded_rows + v * readout_lanes);
    for (int i = 0; i < count; ++i) {
      const float input = inputs[i * stride + k];
      for (int v = 0; v < vectors; ++v) sum[i][v] += input * weight[v];
    }
  }
  __builtin_memcpy(sums, sum, sizeof sum);
}

/// Adds noise to the outputs of one position. `values` is a multiple of `readout_lanes`, but not a
/// constant: g++ unrolls short constant loops before it could vectorise them. `noise` is read in
/// whole vectors: callers leave room behind its end.
void disturb(float* sums, int values, const float* noise, float power, const Readout& readout) {
  const float floor_variance = readout.additive_variance + readout.shot_variance * power;
  if (readout.relative_variance == 0) {
    const float sigma = std::sqrt(floor_variance);
    for (int r = 0; r < values; ++r) sums[r] += sigma * noise[r];
  } else {
    const float relative = readout.relative_variance;
    for (int r = 0; r < values; ++r)
      sums[r] += std::sqrt(floor_variance + relative * sums[r] * sums[r]) * noise[r];
  }
}

/// Rounds outputs to ADC codes, still in units of the core. Returns how many are out of range.
int convert(float* sums, int values, const Readout& readout) {
  const float per_step = 1.0F / readout.step;
  const float step = readout.step, low = readout.lowest_code, high = readout.highest_code;
  int outside = 0;
  for (int r = 0; r < values; ++r) {
    const float level = sums[r] * per_step;
    outside += static_cast<int>(level < low - 0.5F) + static_cast<int>(level > high + 0.5F);
    const float inside = std::min(std::max(level, low), high);
    sums[r] = step * std::nearbyint(inside);
  }
  return outside;
}

void accumulate(const float* sums, int rows, float gain, float* outputs) {
  for (int r = 0; r < rows; ++r) outputs[r] += gain * sums[r];
}

template <int count, int vectors>
std::int64_t read_out_rows(const PackedTile& tile, const Readout& readout,
                           const ReadoutBlock& block, int position, int row) {
  constexpr int values = vectors * readout_lanes;
  alignas(64) float sums[count * values];
  multiply<count, vectors>(block.inputs + position * block.stride, block.stride, tile.inputs,
                           tile.weights.data() + row, tile.padded_rows, sums);
  const int rows = std::min(values, tile.rows - row);
  const int whole = (rows + readout_lanes - 1) / readout_lanes * readout_lanes;
  std::int64_t outside = 0;
  for (int i = 0; i < count; ++i) {
    const std::int64_t p = position + i;
    float* sum = sums + i * values;
    if (block.noise != nullptr)
      disturb(sum, whole, block.noise + p * tile.rows + row,
              block.power == nullptr ? 0.0F : block.power[p], readout);
    std::fill(sum + rows, sum + whole, 0.0F);  // padding converts to nothing
    if (readout.step > 0) outside += convert(sum, whole, readout);
    accumulate(sum, rows, readout.gain, block.outputs + p * block.output_stride + row);
  }
  return outside;
}

/// All positions of `vectors` * lanes outputs from `row` on. `count` positions share each load of a
/// weight.
template <int count, int vectors>
std::int64_t read_out_columns(const PackedTile& tile, const Readout& readout,
                              const ReadoutBlock& block, int row) {
  std::int64_t outside = 0;
  int position = 0;
  for (; position + count <= block.positions; position += count)
    outside += read_out_rows<count, vectors>(tile, readout, block, position, row);
  for (; position < block.positions; ++position)
    outside += read_out_rows<1, vectors>(tile, readout, block, position, row);
  return outside;
}

}  // namespace

std::int64_t read_out(const PackedTile& tile, const Readout& readout, const ReadoutBlock& block) {
  std::int64_t outside = 0;
  for (int row = 0; row < tile.rows; row += 4 * readout_lanes) {
    switch (std::min(4, (tile.padded_rows - row) / readout_lanes)) {
      case 1:
        outside += read_out_columns<16, 1>(tile, readout, block, row);
        break;
      case 2:
        outside += read_out_columns<12, 2>(tile, readout, block, row);
        break;
      case 3:
        outside += read_out_columns<8, 3>(tile, readout, block, row);
        break;
      default:
        outside += read_out_columns<6, 4>(tile, readout, block, row);
        break;
    }
  }
  return outside;
}

}  // namespace lightloom::cosim
