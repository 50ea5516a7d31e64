#include "nn/weights/multilevel/sliced_levels.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "nn/weights/multilevel/two_level_product.hpp"

namespace lightloom::nn {
namespace {

std::size_t size(int count) { return static_cast<std::size_t>(count); }

/// The first rows of a matrix of `stride` columns, of each the runs of `run` numbers at some
/// places.
struct Runs {
  int rows, stride, run;
};

std::vector<std::size_t> places_of(const Runs& runs, std::span<const int> columns) {
  std::vector<std::size_t> places;
  for (std::size_t row = 0; row < size(runs.rows); ++row)
    for (const int column : columns)
      for (std::size_t i = 0; i < size(runs.run); ++i)
        places.push_back(row * size(runs.stride) + size(column) * size(runs.run) + i);
  return places;
}

}  // namespace

SlicedLevels sliced_levels(const LevelSizes& whole, const LayerSlice& slice) {
  assert(whole.layout == Layout::plain);
  SlicedLevels part{.sizes = whole, .basis = {}, .u = {}, .v = {}};
  LevelSizes& sizes = part.sizes;
  sizes.channels = static_cast<int>(slice.inputs.size());
  if (!slice.whole.depthwise()) sizes.kernels = slice.part.out_channels;
  if (slice.whole.depthwise()) sizes.groups = slice.part.groups;
  if (!sizes.cross_on) sizes.cross = sizes.kernels;
  std::vector<int> every(size(std::max(whole.intra, whole.cross)));
  std::iota(every.begin(), every.end(), 0);
  const auto first = [&](int count) { return std::span<const int>(every).first(size(count)); };
  if (sizes.intra_on()) {
    part.basis = places_of({sizes.cross, whole.intra * whole.area, whole.area}, first(whole.intra));
    part.u = places_of({sizes.cross, whole.channels * whole.intra, whole.intra}, slice.inputs);
  } else {
    part.basis = places_of({sizes.cross, whole.columns(), whole.area}, slice.inputs);
  }
  if (sizes.cross_on) part.v = places_of({sizes.kernels, whole.cross, 1}, first(whole.cross));
  return part;
}

std::vector<float> gathered(std::span<const std::size_t> places, std::span<const float> whole) {
  std::vector<float> part(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) part[i] = whole[places[i]];
  return part;
}

void scattered(std::span<const std::size_t> places, std::span<const float> part,
               std::span<float> whole) {
  std::fill(whole.begin(), whole.end(), 0.0f);
  for (std::size_t i = 0; i < places.size(); ++i) whole[places[i]] = part[i];
}

template <class Real>
std::vector<float> regenerate_slice(const LevelSizes& sizes, const SliceFactors& levels,
                                    float scale, std::span<float> part) {
  std::vector<Real> kernels(size(sizes.cross) * size(sizes.columns()));
  if (sizes.intra_on())
    level_one<Real>(sizes, {.u = levels.u, .basis = levels.basis}, kernels);
  else
    std::copy(levels.basis.begin(), levels.basis.end(), kernels.begin());
  const std::vector<Real> v(levels.v.begin(), levels.v.end());
  level_two<Real>(sizes, {v, kernels}, scale, part);
  std::vector<float> made(kernels.size());
  std::transform(kernels.begin(), kernels.end(), made.begin(),
                 [](Real value) { return static_cast<float>(value); });
  return made;
}

template std::vector<float> regenerate_slice<float>(const LevelSizes&, const SliceFactors&, float,
                                                    std::span<float>);
template std::vector<float> regenerate_slice<double>(const LevelSizes&, const SliceFactors&, float,
                                                     std::span<float>);

SliceFactors slice_gradients(const LevelSizes& sizes, const SliceFactors& levels,
                             std::span<const float> kernels, std::span<const float> d_part) {
  SliceFactors gradients{.basis = std::vector<float>(levels.basis.size()),
                         .u = std::vector<float>(levels.u.size()),
                         .v = std::vector<float>(levels.v.size())};
  std::vector<float> d_kernels(d_part.begin(), d_part.end());
  if (sizes.cross_on) {
    d_kernels.resize(kernels.size());
    level_two_backward(sizes, {levels.v, kernels}, d_part.data(), {gradients.v, d_kernels});
  }
  if (sizes.intra_on())
    level_one_backward(sizes, {.u = levels.u, .basis = levels.basis}, d_kernels.data(),
                       {gradients.u, gradients.basis});
  else
    std::copy_n(d_kernels.begin(), gradients.basis.size(), gradients.basis.begin());
  return gradients;
}

}  // namespace lightloom::nn
