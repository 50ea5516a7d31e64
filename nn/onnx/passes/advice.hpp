#pragma once

#include <string>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// What to do about an operator that the import does not take: half a sentence.
std::string advice(const std::string& operation_type);

/// Throws `Error` for models whose versions this program does not know, in either direction.
void require_known_versions(const Model& model);

}  // namespace lightloom::nn::onnx
