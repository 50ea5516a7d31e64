#include "nn/onnx/unsupported.hpp"

#include <fmt/format.h>

namespace lightloom::nn::onnx {
namespace {

std::string place(const Operation& o) {
  return o.name.empty() && !o.outputs.empty() ? "the node of '" + o.outputs.front() + "'"
                                              : "node '" + o.name + "'";
}

}  // namespace

Unsupported::Unsupported(const Operation& operation, const std::string& reason)
    : std::runtime_error(
          fmt::format("{} ({}): {} is not supported", place(operation), operation.type, reason)),
      operation_type(operation.type) {}

}  // namespace lightloom::nn::onnx
