#pragma once

#include <cstdint>
#include <span>

#include "cosim/mapping.hpp"
#include "nn/layer_shape.hpp"

namespace lightloom::cosim {

/// A run of output positions of one image as input vectors of one group tile.
struct PatchRange {
  int first_group = 0;
  int groups = 1;
  int first_position = 0;  // output row * out_width + output column
  int positions = 0;
};

/// Gathers input vectors (im2col) out of `map` (in_height, in_width, in_channels): `patches`
/// becomes (positions, groups * group columns), each group's columns ordered kernel row, kernel
/// column, input channel. Places outside the map are zero (no light).
void gather_patches(const nn::LayerShape& layer, const PatchRange& range,
                    std::span<const float> map, std::span<float> patches);

}  // namespace lightloom::cosim
