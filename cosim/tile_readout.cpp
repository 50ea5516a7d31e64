#include "cosim/tile_readout.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

// A compiler extension of g++ and clang: sixteen floats, lowered to whatever the machine has. See
// docs/decisions/0005-analog-execution.md for why this product is not a library's.
using Vector = float __attribute__((vector_size(4 * readout_lanes)));
using Lanes = std::int32_t __attribute__((vector_size(4 * readout_lanes)));

Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/// A few positions of a tile with all their outputs, in registers.
template <int count, int vectors>
using Sums = Vector[count][vectors];

/// sums = inputs of `count` positions * weights (inputs, padded rows).
template <int count, int vectors>
inline void multiply(const PackedTile& tile, const float* map, const int* bases, int row,
                     Sums<count, vectors>& sums) {
  const float* weights = tile.weights.data() + row;
  for (const InputRun& run : tile.runs) {
    const float* inputs[count];
    for (int i = 0; i < count; ++i) inputs[i] = map + bases[i] + run.offset;
    for (int k = 0; k < run.length; ++k, weights += tile.padded_rows) {
      Vector weight[vectors];
      for (int v = 0; v < vectors; ++v) weight[v] = load(weights + v * readout_lanes);
      for (int i = 0; i < count; ++i)
        for (int v = 0; v < vectors; ++v) sums[i][v] += inputs[i][k] * weight[v];
    }
  }
}

/// Rounds to ADC codes, still in units of the core, and counts the lanes out of range (-1 each).
/// Adding and subtracting 1.5 * 2^23 rounds half to even for the up to 16 bits of a code.
inline Vector convert(Vector value, const Readout& readout, Lanes& outside) {
  const Vector level = value * (1.0F / readout.step);
  outside += (level < readout.lowest_code - 0.5F) | (level > readout.highest_code + 0.5F);
  const Vector low = Vector{} + readout.lowest_code, high = Vector{} + readout.highest_code;
  const Vector raised = level < low ? low : level;
  const Vector inside = raised > high ? high : raised;
  constexpr float magic = 12582912.0F;
  return readout.step * ((inside + magic) - magic);
}

/// The part of the noise that one position's outputs share.
struct PositionNoise {
  float factor = 1;  // laser
  float sigma = 0;
  const float* normals = nullptr;
};

inline PositionNoise noise_of(const PackedTile& tile, const Readout& readout,
                              const ReadoutBlock& block, std::int64_t position, int row) {
  PositionNoise noise;
  if (block.laser != nullptr) noise.factor += readout.relative_sigma * block.laser[position];
  if (block.noise == nullptr) return noise;
  noise.sigma = block.sigma == nullptr ? readout.sigma : block.sigma[position];
  noise.normals = block.noise + position * tile.rows + row;
  return noise;
}

/// Adds the first `rows` (at most one vector) of `value` to `outputs`.
inline void accumulate(Vector value, int rows, float* outputs) {
  if (rows >= readout_lanes) {
    const Vector sum = load(outputs) + value;
    __builtin_memcpy(outputs, &sum, sizeof sum);
    return;
  }
  float lanes[readout_lanes];
  __builtin_memcpy(lanes, &value, sizeof lanes);
  for (int r = 0; r < rows; ++r) outputs[r] += lanes[r];
}

inline std::int64_t count_of(Lanes outside) {
  std::int64_t count = 0;
  for (int i = 0; i < readout_lanes; ++i) count -= outside[i];
  return count;
}

template <int count, int vectors>
std::int64_t read_out_positions(const PackedTile& tile, const Readout& readout,
                                const ReadoutBlock& block, int position, int row) {
  Sums<count, vectors> sums = {};
  multiply<count, vectors>(tile, block.map, block.bases + position, row, sums);
  Lanes outside{}, lane{};
  for (int i = 0; i < readout_lanes; ++i) lane[i] = i;
  for (int i = 0; i < count; ++i) {
    const PositionNoise noise = noise_of(tile, readout, block, position + i, row);
    float* outputs = block.outputs + (position + i) * block.output_stride + row;
    for (int v = 0; v < vectors; ++v) {
      const int rows = tile.rows - row - v * readout_lanes;
      Vector value = noise.factor * sums[i][v];
      if (noise.normals != nullptr) value += noise.sigma * load(noise.normals + v * readout_lanes);
      if (readout.step > 0) {
        Lanes beyond{};
        value = convert(value, readout, beyond);
        outside += beyond & (lane < rows);
      }
      accumulate(readout.gain * value, rows, outputs + v * readout_lanes);
    }
  }
  return count_of(outside);
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
