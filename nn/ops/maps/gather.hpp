#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// Elements of every image of some maps, moved as a table says; what lies side by side before and
/// after is moved together.
class Gather {
 public:
  /// `sizes`: elements of one image of every input.
  Gather(std::shared_ptr<const Places> table, std::span<const std::int64_t> sizes);

  void forward(std::span<const Tensor* const> inputs, Tensor& y) const;
  /// Overwrites the gradient of one input: every element gets the sum over the places it went to,
  /// in their order.
  void backward(std::size_t input, const Tensor& dy, Tensor& dx) const;

 private:
  /// `length` elements of one input from `from` on; input -1: `fill`.
  struct Run {
    int input;
    std::int64_t from, to, length;
  };

  float fill_;
  std::int64_t size_;
  std::vector<Run> runs_;
};

}  // namespace lightloom::nn
