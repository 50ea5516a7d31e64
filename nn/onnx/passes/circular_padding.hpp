#pragma once

#include <optional>
#include <string>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The name of the first node by which PyTorch before 2.0 writes circular padding: a Concat whose
/// border in front is cut one row too early (x[-p-1:-1] for x[-p:]), and swapped with the one
/// behind. What such a file says is not what its network computed. nullopt where there is none.
std::optional<std::string> misplaced_circular_padding(const Model& model);

/// The same with the borders that were meant; gives how many there are.
int place_circular_padding(Model& model);

}  // namespace lightloom::nn::onnx
