#pragma once

#include <cstdint>
#include <vector>

#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// A pooled map of the frozen network, from which a branch takes its inputs.
struct BranchTap {
  int layers = 0;    // weight layers of the network before it
  int channels = 0;  // of its map
};

/// A reversible branch beside a frozen network (CAMEL, Zhang et al., HPCA 2024): maps of `size` x
/// `size` in two halves of `channels`. A stem makes both halves of the first tap; every block has
/// one connection, to tap number `tap_of(block)`; a linear layer classifies the means of both
/// halves.
struct BranchShape {
  int blocks = 1;
  int channels = 1;  // of each half
  int size = 1;
  int classes = 2;
  std::vector<BranchTap> taps;

  /// Taps are shared out over the blocks in order.
  [[nodiscard]] int tap_of(int block) const {
    return static_cast<int>(std::int64_t{block} * static_cast<std::int64_t>(taps.size()) / blocks);
  }
  /// A 3x3 (or 1x1) convolution onto one half.
  [[nodiscard]] LayerShape convolution(int in_channels, int kernel) const;
  [[nodiscard]] LayerShape head() const;
  /// Numbers of one half, an image.
  [[nodiscard]] std::int64_t half() const { return std::int64_t{size} * size * channels; }
  /// Multiply-accumulates of an image, forward: both residual functions of a block; its connection.
  [[nodiscard]] std::int64_t block_macs() const { return 4 * convolution(channels, 3).macs(); }
  [[nodiscard]] std::int64_t connection_macs(int block) const;
};

}  // namespace lightloom::nn
