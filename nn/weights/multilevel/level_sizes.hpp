#pragma once

#include <cstdint>
#include <span>

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// How the weight [out, in/groups, kh, kw] is seen as `kernels` kernels of `channels` x `area`.
enum class Layout {
  plain,     // as it lies
  grouped,   // kernel j of every group side by side along the channels
  by_input,  // a kernel per input channel, its channels the output channels
};

/// Which factors of the two-level generator a layer has, and their sizes.
struct LevelSizes {
  int kernels = 0;   // Co, out channels per group
  int channels = 0;  // Ci, in channels of all groups
  int area = 0;      // k*k
  int groups = 1;
  Layout layout = Layout::plain;
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

/// The rules of Gu et al. (ICCV 2021): level 2 is on iff 0 < cross < min(Co, Ci k^2), level 1
/// iff 0 < intra < min(Ci, k^2). A depthwise layer is one kernel with a channel per group, as the
/// published MobileNetV2 ratios have it; other grouped convolutions stack their groups along the
/// channels in the same way (our extension: the paper leaves them open).
LevelSizes sizes_of(const LayerShape& shape, int intra, int cross,
                    Expansion expansion = Expansion::allowed);

/// Blueprint-separable (Haase and Amthor, CVPR 2020): every kernel is one k x k blueprint times a
/// weight per channel.
LevelSizes blueprint_sizes(const LayerShape& shape);
/// Depthwise-separable (Chollet, CVPR 2017) as a weight: one k x k filter per input channel, then a
/// 1x1 convolution.
LevelSizes separable_sizes(const LayerShape& shape);
/// PENNI (Li et al., ICML 2020), unpruned: `kernels` k x k kernels shared by the whole layer. Like
/// the two above only for ungrouped convolutions with k > 1; others stay dense.
LevelSizes shared_kernel_sizes(const LayerShape& shape, int kernels);

/// Between the dense order and that of the sizes, [kernels, channels, area]. Needed unless the
/// layout is plain.
void to_level_order(const LevelSizes& sizes, std::span<const float> dense,
                    std::span<float> ordered);
void to_dense_order(const LevelSizes& sizes, std::span<const float> ordered,
                    std::span<float> dense);
/// The product of `factors`, [out, in, area], as the dense weight.
void in_dense_order(const TwoLevelFactors& factors, std::span<const float> product,
                    std::span<float> dense);

}  // namespace lightloom::nn
