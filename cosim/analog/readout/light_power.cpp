#include <algorithm>
#include <cmath>

#include "cosim/analog/readout/lanes.hpp"
#include "cosim/analog/readout/tile_readout.hpp"

namespace lightloom::cosim {
namespace {

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

/// The first `count` of the numbers from `from` on, zeros behind them. Reads a whole vector where
/// it ends before `end`.
Vector load_some(const float* from, int count, const float* end) {
  Vector some{};
  if (end - from < readout_lanes) {
    __builtin_memcpy(&some, from, sizeof(float) * static_cast<std::size_t>(count));
    return some;
  }
  const Lanes lane{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < count ? load(from) : some;
}

/// Sixteen partial sums of one pixel of a map that ends at `end`.
template <class Term>
Vector partial_sums(const float* pixel, int channels, const float* end, const Term& term) {
  Vector partial{};
  int c = 0;
  for (; c + readout_lanes <= channels; c += readout_lanes) partial += term(load(pixel + c));
  return c == channels ? partial : partial + term(load_some(pixel + c, channels - c, end));
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
  const float* end = map + std::int64_t{pixels} * channels;
  for (int first = 0; first < pixels; first += readout_lanes) {
    const int count = std::min(readout_lanes, pixels - first);
    Vector partial[readout_lanes] = {};
    for (int i = 0; i < count; ++i)
      partial[i] = partial_sums(map + std::int64_t{first + i} * channels, channels, end, term);
    for (int left = readout_lanes / 2; left > 0; left /= 2)
      for (int i = 0; i < left; ++i)
        partial[i] = add_neighbours(partial[2 * i], partial[2 * i + 1]);
    __builtin_memcpy(sums + first, partial, sizeof(float) * static_cast<std::size_t>(count));
  }
}

}  // namespace

float intensity_power(const PackedTile& tile, const float* position) {
  return sum_of_inputs(tile, position, [](auto x) { return magnitude(x); });
}

float field_power(const PackedTile& tile, const float* position) {
  return sum_of_inputs(tile, position, [](auto x) { return x * x; });
}

float offset_power(const PackedTile& tile, const float* position) {
  return sum_of_inputs(tile, position, [](auto x) { return x; });
}

void offset_power_of_pixels(const float* map, int channels, std::span<float> powers) {
  sum_pixels(map, channels, powers, [](auto x) { return x; });
}

void intensity_of_pixels(const float* map, int channels, std::span<float> powers) {
  sum_pixels(map, channels, powers, [](auto x) { return magnitude(x); });
}

void field_power_of_pixels(const float* map, int channels, std::span<float> powers) {
  sum_pixels(map, channels, powers, [](auto x) { return x * x; });
}

}  // namespace lightloom::cosim
