#include "nn/weights/multilevel/level_sizes.hpp"

#include <algorithm>

namespace lightloom::nn {
namespace {

bool intra_saves(const LevelSizes& sizes, int intra) {
  return std::int64_t{intra} * (sizes.channels + sizes.area) < sizes.columns();
}

/// Against storing every kernel in the form level 1 leaves it in.
bool cross_saves(const LevelSizes& sizes, int cross) {
  const std::int64_t kernel = sizes.intra_on()
                                  ? std::int64_t{sizes.intra} * (sizes.channels + sizes.area)
                                  : std::int64_t{sizes.columns()};
  return cross * (sizes.kernels + kernel) < sizes.kernels * kernel;
}

/// Where channel `channel` of kernel `kernel` begins in the dense weight.
std::size_t dense_offset(const LevelSizes& sizes, int kernel, int channel) {
  std::int64_t row = std::int64_t{kernel} * sizes.channels + channel;
  if (sizes.layout == Layout::by_input) {
    row = std::int64_t{channel} * sizes.kernels + kernel;
  } else if (sizes.layout == Layout::grouped) {
    const int per_group = sizes.channels / sizes.groups, group = channel / per_group;
    row = (std::int64_t{group} * sizes.kernels + kernel) * per_group + channel % per_group;
  }
  return static_cast<std::size_t>(row * sizes.area);
}

/// The sizes of a layer that nothing generates yet.
LevelSizes plain_sizes(const LayerShape& shape) {
  const int kernels = shape.out_channels / shape.groups;
  return {.kernels = kernels,
          .channels = shape.in_channels,
          .area = shape.kernel_area(),
          .groups = shape.groups,
          .layout = shape.groups > 1 && kernels > 1 ? Layout::grouped : Layout::plain,
          .cross = kernels};
}

bool spatial(const LayerShape& shape) { return shape.kernel_area() > 1 && shape.groups == 1; }

}  // namespace

LevelSizes sizes_of(const LayerShape& shape, int intra, int cross, Expansion expansion) {
  LevelSizes sizes = plain_sizes(shape);
  const bool refuse = expansion == Expansion::refused;
  if (intra > 0 && intra < std::min(sizes.channels, sizes.area) &&
      !(refuse && !intra_saves(sizes, intra)))
    sizes.intra = intra;
  sizes.cross_on = cross > 0 && cross < std::min(sizes.kernels, sizes.columns()) &&
                   !(refuse && !cross_saves(sizes, cross));
  sizes.cross = sizes.cross_on ? cross : sizes.kernels;
  return sizes;
}

LevelSizes blueprint_sizes(const LayerShape& shape) {
  return sizes_of(shape, spatial(shape) ? 1 : 0, 0);
}

LevelSizes separable_sizes(const LayerShape& shape) {
  LevelSizes sizes = plain_sizes(shape);
  if (!spatial(shape) || shape.out_channels == 1) return sizes;
  return {.kernels = shape.in_channels,
          .channels = shape.out_channels,
          .area = sizes.area,
          .layout = Layout::by_input,
          .intra = 1,
          .cross = shape.in_channels};
}

LevelSizes shared_kernel_sizes(const LayerShape& shape, int kernels) {
  LevelSizes sizes = plain_sizes(shape);
  const int filters = sizes.kernels * sizes.channels;
  if (!spatial(shape) || kernels >= std::min(sizes.area, filters)) return sizes;
  return {.kernels = 1, .channels = filters, .area = sizes.area, .intra = kernels, .cross = 1};
}

void to_level_order(const LevelSizes& sizes, std::span<const float> dense,
                    std::span<float> ordered) {
  float* to = ordered.data();
  for (int kernel = 0; kernel < sizes.kernels; ++kernel)
    for (int channel = 0; channel < sizes.channels; ++channel, to += sizes.area)
      std::copy_n(dense.data() + dense_offset(sizes, kernel, channel), sizes.area, to);
}

void to_dense_order(const LevelSizes& sizes, std::span<const float> ordered,
                    std::span<float> dense) {
  const float* from = ordered.data();
  for (int kernel = 0; kernel < sizes.kernels; ++kernel)
    for (int channel = 0; channel < sizes.channels; ++channel, from += sizes.area)
      std::copy_n(from, sizes.area, dense.data() + dense_offset(sizes, kernel, channel));
}

void in_dense_order(const TwoLevelFactors& factors, std::span<const float> product,
                    std::span<float> dense) {
  to_dense_order({.kernels = factors.out,
                  .channels = factors.in,
                  .area = factors.area,
                  .groups = factors.groups,
                  .layout = factors.groups > 1 ? Layout::grouped : Layout::plain},
                 product, dense);
}

}  // namespace lightloom::nn
