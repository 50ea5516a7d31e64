#pragma once

#include <vector>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The operations so that each follows those whose results it reads, otherwise as they came. Some
/// tools write them in another order. Throws `Error` where they wait for one another in a circle.
std::vector<Operation> in_order(std::vector<Operation> operations);

/// Without the operations that no output of the model needs, and without the constants that
/// nothing reads then.
Model without_dead(Model model);

}  // namespace lightloom::nn::onnx
