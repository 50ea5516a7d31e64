#include "cosim/analog/readout/tile_readout.hpp"

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
using Sums = Vector[std::size_t{count}][std::size_t{vectors}];

/// sums = inputs of `count` positions * weights (inputs, padded rows).
template <int count, int vectors>
inline void multiply(const PackedTile& tile, const float* map, const int* bases, int row,
                     Sums<count, vectors>& sums) {
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) sums[i][v] = Vector{};
  const float* weights = tile.weights.data() + row;
  for (const InputRun& run : tile.runs) {
    const float* inputs[std::size_t{count}];
    for (int i = 0; i < count; ++i) inputs[i] = map + bases[i] + run.offset;
    for (int k = 0; k < run.length; ++k, weights += tile.padded_rows) {
      Vector weight[std::size_t{vectors}];
      for (int v = 0; v < vectors; ++v) weight[v] = load(weights + v * readout_lanes);
#pragma GCC unroll 8
      for (int i = 0; i < count; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[i][v] += inputs[i][k] * weight[v];
    }
  }
}

/// What turns a sum into a number of the network, the same for a whole block. Without a converter
/// the step is 1 and nothing is rounded.
struct Conversion {
  bool rounds = false;
  float steps = 1;  // per unit of the core
  float gain = 1;   // network units of a step
};

inline Conversion conversion_of(const Readout& readout) {
  if (!(readout.step > 0)) return {.gain = readout.gain};
  return {.rounds = true, .steps = 1.0F / readout.step, .gain = readout.gain * readout.step};
}

/// Rounds to ADC codes and counts the lanes out of range (-1 each). Adding and subtracting
/// 1.5 * 2^23 rounds half to even for the up to 16 bits of a code.
inline Vector convert(Vector level, const Readout& readout, Lanes& outside) {
  constexpr float magic = 12582912.0F;
  const Vector low = Vector{} + readout.lowest_code, high = Vector{} + readout.highest_code;
  const Vector code = (level + magic) - magic;
  const Vector raised = code < low ? low : code;
  const Vector inside = raised > high ? high : raised;
  outside += inside != code;
  return inside;
}

/// The level that converters with static errors see, in steps. Their curves span the codes, evenly
/// about zero or from zero on.
inline Vector bend_level(Vector level, const Readout& readout, int row) {
  const AdcCurves& curves = *readout.curves;
  const Vector low = Vector{} - 1.0F, high = Vector{} + 1.0F;
  const float half = (readout.highest_code + 1 - readout.lowest_code) / 2,
              middle = (readout.highest_code + 1 + readout.lowest_code) / 2;
  Vector u = (level - middle) / half;
  u = u < low ? low : u;
  u = u > high ? high : u;
  const Vector bent = load(curves.bow.data() + row) + load(curves.bend.data() + row) * u;
  return level + level * load(curves.gain.data() + row) + load(curves.offset.data() + row) +
         (1.0F - u * u) * bent;
}

/// Roots, one by one: written out so that a compiler may take them together.
inline Vector root(Vector x) {
  float lanes[readout_lanes];
  __builtin_memcpy(lanes, &x, sizeof lanes);
  for (float& lane : lanes) lane = std::sqrt(lane);
  return load(lanes);
}

/// The part of the noise that one position's outputs share, in ADC steps.
struct PositionNoise {
  float factor = 1;  // laser
  float sigma = 0;
  float signal = 0;  // per unit of the core
  const float* normals = nullptr;
  const float* added = nullptr;
};

inline PositionNoise noise_of(const PackedTile& tile, const Readout& readout,
                              const ReadoutBlock& block, const Conversion& conversion,
                              std::int64_t position, int row) {
  PositionNoise noise{.factor = conversion.steps};
  if (block.laser != nullptr) noise.factor *= 1.0F + readout.relative_sigma * block.laser[position];
  if (block.added != nullptr) noise.added = block.added + position * tile.rows + row;
  if (block.noise == nullptr) return noise;
  noise.sigma = conversion.steps * (block.sigma == nullptr ? readout.sigma : block.sigma[position]);
  noise.signal = conversion.steps * block.signal;
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
inline void read_out_positions(const PackedTile& tile, const Readout& readout,
                               const ReadoutBlock& block, const Conversion& conversion,
                               int position, int row, Lanes& outside) {
  Sums<count, vectors> sums;
  multiply<count, vectors>(tile, block.map, block.bases + position, row, sums);
  Lanes lane{};
  for (int i = 0; i < readout_lanes; ++i) lane[i] = i;
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) {
    const PositionNoise noise = noise_of(tile, readout, block, conversion, position + i, row);
    float* outputs = block.outputs + (position + i) * block.output_stride + row;
    const bool scaled = block.vector_scales != nullptr;
    const float gain =
        scaled ? conversion.gain * block.vector_scales[position + i] : conversion.gain;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int rows = tile.rows - row - v * readout_lanes;
      Vector value = noise.factor * sums[i][v];
      if (noise.normals != nullptr) {
        const Vector own = noise.signal * sums[i][v];
        const Vector sigma =
            noise.signal > 0 ? root(noise.sigma * noise.sigma + own * own) : Vector{} + noise.sigma;
        value += sigma * load(noise.normals + v * readout_lanes);
      }
      if (noise.added != nullptr) value += conversion.steps * load(noise.added + v * readout_lanes);
      if (conversion.rounds) {
        Lanes beyond{};
        if (readout.curves != nullptr) value = bend_level(value, readout, row + v * readout_lanes);
        value = convert(value, readout, beyond);
        outside += beyond & (lane < rows);
      }
      Vector result = gain * value;
      if (scaled) result *= load(block.row_scales + row + v * readout_lanes);
      accumulate(result, rows, outputs + v * readout_lanes);
    }
  }
}

/// All positions of `vectors` * lanes outputs from `row` on. `count` positions share each load of a
/// weight.
template <int count, int vectors>
std::int64_t read_out_rows(const PackedTile& tile, const Readout& readout,
                           const ReadoutBlock& block, int row) {
  const Conversion conversion = conversion_of(readout);
  Lanes outside{};
  int position = 0;
  for (; position + count <= block.positions; position += count)
    read_out_positions<count, vectors>(tile, readout, block, conversion, position, row, outside);
  for (; position < block.positions; ++position)
    read_out_positions<1, vectors>(tile, readout, block, conversion, position, row, outside);
  return count_of(outside);
}

Vector magnitude(Vector x) { return x < 0.0F ? -x : x; }
float magnitude(float x) { return std::fabs(x); }

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

/// Sixteen partial sums of one pixel.
template <class Term>
Vector partial_sums(const float* pixel, int channels, const Term& term) {
  Vector partial{};
  int c = 0;
  for (; c + readout_lanes <= channels; c += readout_lanes) partial += term(load(pixel + c));
  if (c == channels) return partial;
  Vector rest{};
  __builtin_memcpy(&rest, pixel + c, sizeof(float) * static_cast<std::size_t>(channels - c));
  return partial + term(rest);
}

/// Sums of neighbouring lanes, first those of `a`, then those of `b`.
Vector add_neighbours(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
         __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/// The sum of `term` over the channels of each pixel of a map. Sixteen pixels' partial sums fold
/// into one vector of their sums.
template <class Term>
void sum_pixels(const float* map, int channels, std::span<float> powers, const Term& term) {
  const auto pixels = static_cast<int>(powers.size());
  float* sums = powers.data();
  for (int first = 0; first < pixels; first += readout_lanes) {
    const int count = std::min(readout_lanes, pixels - first);
    Vector partial[readout_lanes] = {};
    for (int i = 0; i < count; ++i)
      partial[i] = partial_sums(map + std::int64_t{first + i} * channels, channels, term);
    for (int left = readout_lanes / 2; left > 0; left /= 2)
      for (int i = 0; i < left; ++i)
        partial[i] = add_neighbours(partial[2 * i], partial[2 * i + 1]);
    __builtin_memcpy(sums + first, partial, sizeof(float) * static_cast<std::size_t>(count));
  }
}

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

void intensity_of_pixels(const float* map, int channels, std::span<float> powers) {
  sum_pixels(map, channels, powers, [](auto x) { return magnitude(x); });
}

void field_power_of_pixels(const float* map, int channels, std::span<float> powers) {
  sum_pixels(map, channels, powers, [](auto x) { return x * x; });
}

}  // namespace lightloom::cosim
