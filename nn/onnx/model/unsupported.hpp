#pragma once

#include <stdexcept>
#include <string>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// "node 'name'", or the node of its first output where it has no name.
std::string place_of(const Operation& operation);

/// An operator, element type, attribute or opset that we do not have; the text names the node.
class Unsupported : public std::runtime_error {
 public:
  Unsupported(const Operation& operation, const std::string& reason);
  std::string operation_type;
};

}  // namespace lightloom::nn::onnx
