#pragma once

#include <map>

#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {

/// Whether the interpreter has the operator.
bool interprets(const std::string& operation_type);

/// The outputs of one operation; null where an optional input is left out. Throws as below.
std::vector<Array> evaluate(const Operation& operation, const std::vector<const Array*>& inputs,
                            std::int64_t opset);

/// The outputs of a model, in their order, for values of all its inputs: a plain reference
/// interpreter on arrays of any rank, with sums in double and results rounded to their type. It
/// shares nothing with the engine's operators. Throws `Unsupported` for what it does not have and
/// `Error` for a model that contradicts itself.
std::vector<Array> evaluate(const Model& model, std::map<std::string, Array> values);

}  // namespace lightloom::nn::onnx
