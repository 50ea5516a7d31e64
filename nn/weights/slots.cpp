#include "nn/weights/slots.hpp"

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

}  // namespace

Slots slots_of(const LayerShape& shape, int intra, int cross, Expansion expansion) {
  Slots slots{.kernels = shape.out_channels / shape.groups,
              .channels = shape.in_channels,
              .area = shape.kernel_area(),
              .groups = shape.groups};
  const bool refuse = expansion == Expansion::refused;
  if (intra > 0 && intra < std::min(slots.channels, slots.area) &&
      !(refuse && !intra_saves(slots, intra)))
    slots.intra = intra;
  slots.cross_on = cross > 0 && cross < std::min(slots.kernels, slots.columns()) &&
                   !(refuse && !cross_saves(slots, cross));
  slots.cross = slots.cross_on ? cross : slots.kernels;
  return slots;
}

}  // namespace lightloom::nn
