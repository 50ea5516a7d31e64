#pragma once

#include "nn/onnx/evaluate/operator_call.hpp"

namespace lightloom::nn::onnx {

/// An array seen as lines along one axis: element k of line (o, i) is at (o * count + k) * inner +
/// i.
struct Lines {
  std::int64_t outer = 1, count = 1, inner = 1;

  Lines(const Dims& dims, std::size_t axis) {
    for (std::size_t a = 0; a < dims.size(); ++a) {
      (a < axis ? outer : a > axis ? inner : count) *= dims[a];
    }
  }
  [[nodiscard]] std::int64_t lines() const { return outer * inner; }
  /// Place of element `k` of line `line`.
  [[nodiscard]] std::int64_t at(std::int64_t line, std::int64_t k) const {
    return (line / inner * count + k) * inner + line % inner;
  }
};

}  // namespace lightloom::nn::onnx
