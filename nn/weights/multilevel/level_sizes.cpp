#include "nn/weights/multilevel/level_sizes.hpp"

#include <algorithm>

namespace lightloom::nn {
namespace {

bool intra_saves(const Slots& slots, int intra) {
  return std::int64_t{intra} * (slots.channels + slots.area) < slots.columns();
}

/// Against storing every kernel in the form level 1 leaves it in.
bool cross_saves(const Slots& slots, int cross) {
  const std::int64_t kernel = slots.intra_on()
                                  ? std::int64_t{slots.intra} * (slots.channels + slots.area)
                                  : std::int64_t{slots.columns()};
  return cross * (slots.kernels + kernel) < slots.kernels * kernel;
}

/// Where channel `channel` of kernel `kernel` begins in the dense weight.
std::size_t dense_offset(const Slots& slots, int kernel, int channel) {
  std::int64_t row = std::int64_t{kernel} * slots.channels + channel;
  if (slots.layout == Layout::by_input) {
    row = std::int64_t{channel} * slots.kernels + kernel;
  } else if (slots.layout == Layout::grouped) {
    const int per_group = slots.channels / slots.groups, group = channel / per_group;
    row = (std::int64_t{group} * slots.kernels + kernel) * per_group + channel % per_group;
  }
  return static_cast<std::size_t>(row * slots.area);
}

/// The slots of a layer that nothing generates yet.
Slots plain_slots(const LayerShape& shape) {
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

Slots slots_of(const LayerShape& shape, int intra, int cross, Expansion expansion) {
  Slots slots = plain_slots(shape);
  const bool refuse = expansion == Expansion::refused;
  if (intra > 0 && intra < std::min(slots.channels, slots.area) &&
      !(refuse && !intra_saves(slots, intra)))
    slots.intra = intra;
  slots.cross_on = cross > 0 && cross < std::min(slots.kernels, slots.columns()) &&
                   !(refuse && !cross_saves(slots, cross));
  slots.cross = slots.cross_on ? cross : slots.kernels;
  return slots;
}

Slots blueprint_slots(const LayerShape& shape) {
  return slots_of(shape, spatial(shape) ? 1 : 0, 0);
}

Slots separable_slots(const LayerShape& shape) {
  Slots slots = plain_slots(shape);
  if (!spatial(shape) || shape.out_channels == 1) return slots;
  return {.kernels = shape.in_channels,
          .channels = shape.out_channels,
          .area = slots.area,
          .layout = Layout::by_input,
          .intra = 1,
          .cross = shape.in_channels};
}

Slots shared_kernel_slots(const LayerShape& shape, int kernels) {
  Slots slots = plain_slots(shape);
  const int filters = slots.kernels * slots.channels;
  if (!spatial(shape) || kernels >= std::min(slots.area, filters)) return slots;
  return {.kernels = 1, .channels = filters, .area = slots.area, .intra = kernels, .cross = 1};
}

void to_slot_order(const Slots& slots, std::span<const float> dense, std::span<float> ordered) {
  float* to = ordered.data();
  for (int kernel = 0; kernel < slots.kernels; ++kernel)
    for (int channel = 0; channel < slots.channels; ++channel, to += slots.area)
      std::copy_n(dense.data() + dense_offset(slots, kernel, channel), slots.area, to);
}

void to_dense_order(const Slots& slots, std::span<const float> ordered, std::span<float> dense) {
  const float* from = ordered.data();
  for (int kernel = 0; kernel < slots.kernels; ++kernel)
    for (int channel = 0; channel < slots.channels; ++channel, from += slots.area)
      std::copy_n(from, slots.area, dense.data() + dense_offset(slots, kernel, channel));
}

void in_dense_order(const Factors& factors, std::span<const float> product,
                    std::span<float> dense) {
  to_dense_order({.kernels = factors.out,
                  .channels = factors.in,
                  .area = factors.area,
                  .groups = factors.groups,
                  .layout = factors.groups > 1 ? Layout::grouped : Layout::plain},
                 product, dense);
}

}  // namespace lightloom::nn
