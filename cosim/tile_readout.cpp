#include "cosim/tile_readout.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

// A compiler extension of g++ and clang: sixteen floats, lowered to whatever the machine has. See
// docs/decisions/0005-analog-execution.md for why this product is not a library's.
using Vector = float __attribute__((vector_size(4 * readout_lanes)));

Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/// sums (count, vectors * lanes) = inputs of `count` positions * weights (inputs, padded rows).
template <int count, int vectors>
void multiply(const PackedTile& tile, const float* map, const int* bases, int row, float* sums) {
  Vector sum[count][vectors] = {};
  const float* weights = tile.weights.data() + row;
  for (const InputRun& run : tile.runs) {
    const float* inputs[count];
    for (int i = 0; i < count; ++i) inputs[i] = map + bases[i] + run.offset;
    for (int k = 0; k < run.length; ++k, weights += tile.padded_rows) {
      Vector weight[vectors];
      for (int v = 0; v < vectors; ++v) weight[v] = load(weights + v * readout_lanes);
      for (int i = 0; i < count; ++i)
        for (int v = 0; v < vectors; ++v) sum[i][v] += inputs[i][k] * weight[v];
    }
  }
  __builtin_memcpy(sums, sum, sizeof sum);
}

// The loops below have no constant length on purpose: g++ unrolls short constant loops before it
// could vectorise them.

void disturb(float* sums, int values, const float* noise, float sigma, float factor) {
  for (int r = 0; r < values; ++r) sums[r] = factor * sums[r] + sigma * noise[r];
}

void scale(float* sums, int values, float factor) {
  for (int r = 0; r < values; ++r) sums[r] *= factor;
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

/// Adds the noise of one position to `values` outputs, of which the first `rows` exist.
void disturb_position(const PackedTile& tile, const Readout& readout, const ReadoutBlock& block,
                      std::int64_t position, int row, int rows, int values, float* sums) {
  const float factor =
      block.laser == nullptr ? 1.0F : 1.0F + readout.relative_sigma * block.laser[position];
  if (block.noise != nullptr) {
    const float sigma = block.sigma == nullptr ? readout.sigma : block.sigma[position];
    disturb(sums, values, block.noise + position * tile.rows + row, sigma, factor);
  } else if (block.laser != nullptr) {
    scale(sums, values, factor);
  }
  std::fill(sums + rows, sums + values, 0.0F);  // padding converts to nothing
}

template <int count, int vectors>
std::int64_t read_out_positions(const PackedTile& tile, const Readout& readout,
                                const ReadoutBlock& block, int position, int row) {
  constexpr int values = vectors * readout_lanes;
  alignas(64) float sums[count * values];
  multiply<count, vectors>(tile, block.map, block.bases + position, row, sums);
  const int rows = std::min(values, tile.rows - row);
  for (int i = 0; i < count; ++i)
    disturb_position(tile, readout, block, position + i, row, rows, values, sums + i * values);
  const int outside = readout.step > 0 ? convert(sums, count * values, readout) : 0;
  for (int i = 0; i < count; ++i)
    accumulate(sums + i * values, rows, readout.gain,
               block.outputs + (position + i) * block.output_stride + row);
  return outside;
}

/// All positions of `vectors` * lanes outputs from `row` on. `count` positions share each load of a
/// weight.
template <int count, int vectors>
std::int64_t read_out_rows(const PackedTile& tile, const Readout& readout,
                           const ReadoutBlock& block, int row) {
  std::int64_t outside = 0;
  int position = 0;
  for (; position + count <= block.positions; position += count)
    outside += read_out_positions<count, vectors>(tile, readout, block, position, row);
  for (; position < block.positions; ++position)
    outside += read_out_positions<1, vectors>(tile, readout, block, position, row);
  return outside;
}

/// Sum of the lanes by halves: four dependent additions instead of sixteen.
float sum_of_lanes(Vector lanes) {
  float part[readout_lanes];
  __builtin_memcpy(part, &lanes, sizeof part);
  for (int half = readout_lanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  return part[0];
}

/// Sixteen partial sums, whose fixed order lets it run in vectors. `term` takes a vector or a
/// number.
template <class Term>
float sum_of_inputs(const PackedTile& tile, const float* position, const Term& term) {
  Vector partial{};
  float rest = 0;
  for (const InputRun& run : tile.runs) {
    const float* inputs = position + run.offset;
    int k = 0;
    for (; k + readout_lanes <= run.length; k += readout_lanes) partial += term(load(inputs + k));
    for (; k < run.length; ++k) rest += term(inputs[k]);
  }
  return sum_of_lanes(partial) + rest;
}

Vector magnitude(Vector x) { return x < 0.0F ? -x : x; }
float magnitude(float x) { return std::fabs(x); }

}  // namespace

std::int64_t read_out(const PackedTile& tile, const Readout& readout, const ReadoutBlock& block) {
  std::int64_t outside = 0;
  for (int row = 0; row < tile.rows; row += 4 * readout_lanes) {
    switch (std::min(4, (tile.padded_rows - row) / readout_lanes)) {
      case 1:
        outside += read_out_rows<8, 1>(tile, readout, block, row);
        break;
      case 2:
        outside += read_out_rows<8, 2>(tile, readout, block, row);
        break;
      case 3:
        outside += read_out_rows<8, 3>(tile, readout, block, row);
        break;
      default:
        outside += read_out_rows<6, 4>(tile, readout, block, row);
        break;
    }
  }
  return outside;
}

float intensity_power(const PackedTile& tile, const float* position) {
  return sum_of_inputs(tile, position, [](auto x) { return magnitude(x); });
}

float field_power(const PackedTile& tile, const float* position) {
  return sum_of_inputs(tile, position, [](auto x) { return x * x; });
}

}  // namespace lightloom::cosim
