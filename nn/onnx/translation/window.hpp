#pragma once

#include <cstdint>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The window of a convolution or pooling over a map (images, channels, sides...) of one or two
/// axes; one axis is the width. Throws `Unsupported` for other ranks and impossible sizes.
Window window_of(const Operation& o, const std::vector<std::int64_t>& dims,
                 std::vector<std::int64_t> kernel);

}  // namespace lightloom::nn::onnx
