#pragma once

#include <vector>

#include "nn/ops/maps/pooling.hpp"

namespace lightloom::nn {

/// Pooling by its definition, for windows that oneDNN does not have: dilated ones, and averages
/// whose last window reaches past the padding, which then counts only the padding within.
class WindowPooling {
 public:
  WindowPooling(PoolKind kind, const Window& window) : kind_(kind), window_(window) {}

  void forward(const Tensor& x, Tensor& y);
  /// Overwrites dx; of equal largest elements the first one gets the gradient. Belongs to the
  /// latest forward.
  void backward(const Tensor& dy, Tensor& dx) const;

 private:
  void largest(const Tensor& x, Tensor& y);
  void average(const Tensor& x, Tensor& y) const;

  PoolKind kind_;
  Window window_;
  std::vector<std::int64_t> places_;  // of the largest elements, by element of y
};

}  // namespace lightloom::nn
