#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nn/weights/multilevel/level_sizes.hpp"
#include "nn/weights/slices/layer_slice.hpp"

namespace lightloom::nn {

/// The factors of a slice of a two-level layer whose layout is plain: where its numbers stand in
/// those of the whole. Outputs are rows of V (of U and Wb where level 2 is off), inputs are columns
/// of U (of Wb where level 1 is off); a base of both levels is there for all slices.
struct SlicedLevels {
  LevelSizes sizes;
  std::vector<std::size_t> basis, u, v;
};
SlicedLevels sliced_levels(const LevelSizes& whole, const LayerSlice& slice);

/// part[i] = whole[places[i]].
std::vector<float> gathered(std::span<const std::size_t> places, std::span<const float> whole);
/// The inverse, zeros elsewhere.
void scattered(std::span<const std::size_t> places, std::span<const float> part,
               std::span<float> whole);

/// The levels of a slice's factors.
struct SliceFactors {
  std::vector<float> basis, u, v;
};

/// Regenerates the slice from its levels; returns what level 1 made, for the way back. `Real` is
/// float or double.
template <class Real>
std::vector<float> regenerate_slice(const LevelSizes& sizes, const SliceFactors& levels,
                                    float scale, std::span<float> part);
/// The gradients of the levels from that of the slice.
SliceFactors slice_gradients(const LevelSizes& sizes, const SliceFactors& levels,
                             std::span<const float> kernels, std::span<const float> d_part);

}  // namespace lightloom::nn
