#pragma once

#include <cstdint>

#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// The inputs of every output position of a convolution side by side (im2col), zeros where a kernel
/// reaches beyond the map: patches[images, out_height, out_width, kernel_height, kernel_width,
/// channels] of map[images, in_height, in_width, channels], both bfloat16. One group.
void gather_patches(const LayerShape& shape, int images, const std::uint16_t* map,
                    std::uint16_t* patches);

}  // namespace lightloom::nn
