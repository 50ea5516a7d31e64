#pragma once

#include "nn/onnx/model/model.hpp"
#include "nn/onnx/translation/imported.hpp"

namespace lightloom::nn::onnx {

/// Whether there is an operation of the graph for such an operator at all.
bool translates(const std::string& operation_type);

/// Translates a model with one changing input; all others must be constants. Inference semantics:
/// dropout does nothing, and an If whose condition hangs on shapes and constants alone is the
/// branch that it takes. Throws `Unsupported`.
Imported translate(const Model& model);

}  // namespace lightloom::nn::onnx
