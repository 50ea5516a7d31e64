#include "nn/onnx/model/unsupported.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lightloom::nn::onnx {

std::string place_of(const Operation& o) {
  if (!o.name.empty()) return "node '" + o.name + "'";
  const auto named = std::find_if(o.outputs.begin(), o.outputs.end(),
                                  [](const std::string& output) { return !output.empty(); });
  return named == o.outputs.end() ? "node ''" : "the node of '" + *named + "'";
}

Unsupported::Unsupported(const Operation& operation, const std::string& reason)
    : std::runtime_error(
          fmt::format("{} ({}): {} is not supported", place_of(operation), operation.type, reason)),
      operation_type(operation.type) {}

}  // namespace lightloom::nn::onnx
