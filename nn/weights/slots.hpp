#pragma once

#include <cstdint>

#include "nn/layer_shape.hpp"

namespace lightloom::nn {

/// Whether a level that would store more than it replaces is used all the same (as in the published
/// rows) or left off.
enum class Expansion { allowed, refused };

/// Which factors of the two-level generator a layer has, and their sizes: the slot rules of Gu et
/// al. (ICCV 2021). The layer is seen as `kernels` kernels of `channels` x `area`. A depthwise
/// layer is one kernel with a channel per group, as the published MobileNetV2 ratios have it; other
/// grouped convolutions stack their groups along the channels in the same way, kernel j of every
/// group side by side (our extension: the paper leaves them open).
struct Slots {
  int kernels = 0;   // Co, out channels per group
  int channels = 0;  // Ci, in channels of all groups
  int area = 0;      // k*k
  int groups = 1;
  int intra = 0;  // Bi; 0: level 1 is off, the basis is the whole kernel
  int cross = 0;  // generated kernels: Bc, or `kernels` when level 2 is off
  bool cross_on = false;

  [[nodiscard]] bool intra_on() const { return intra > 0; }
  [[nodiscard]] bool generated() const { return intra_on() || cross_on; }
  [[nodiscard]] int columns() const { return channels * area; }
  [[nodiscard]] std::int64_t basis() const {
    return std::int64_t{cross} * (intra_on() ? intra : channels) * area;
  }
  [[nodiscard]] std::int64_t u() const { return std::int64_t{cross} * channels * intra; }
  [[nodiscard]] std::int64_t v() const { return cross_on ? std::int64_t{kernels} * cross : 0; }
  [[nodiscard]] std::int64_t dense() const { return std::int64_t{kernels} * columns(); }
  /// Stored words; those of the dense weight when nothing is generated.
  [[nodiscard]] std::int64_t stored() const { return generated() ? basis() + u() + v() : dense(); }
};

/// Level 2 is on iff 0 < cross < min(Co, Ci k^2), level 1 iff 0 < intra < min(Ci, k^2).
Slots slots_of(const LayerShape& shape, int intra, int cross,
               Expansion expansion = Expansion::allowed);

}  // namespace lightloom::nn
