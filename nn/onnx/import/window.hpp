#pragma once

#include <cstdint>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The window of a convolution or pooling over a map of the input's size. Throws `Unsupported` for
/// what our windows cannot be: different strides or padding on different sides.
Window window_of(const Operation& o, const std::vector<std::int64_t>& dims,
                 const std::vector<std::int64_t>& kernel);

}  // namespace lightloom::nn::onnx
