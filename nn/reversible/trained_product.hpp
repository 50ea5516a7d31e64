#pragma once

#include <string>
#include <vector>

#include "nn/ops/products/product.hpp"
#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

/// How a product's weights begin.
enum class Begins { drawn, zero };

/// Where the next product's first weights are drawn, and what all products of a branch share.
struct BranchDraw {
  std::uint64_t seed = 0;
  std::uint32_t number = 0;               // of the next product
  ProductWorkspace* workspace = nullptr;  // outlives the products; none: each has its own
};

/// A convolution or linear layer with its trained weights and bias.
class TrainedProduct {
 public:
  /// Weights are drawn normal with deviation sqrt(2 / inputs of an output) under the number of
  /// `draw`, which it takes; the bias begins at zero.
  TrainedProduct(const LayerShape& shape, Begins begins, BranchDraw& draw);

  /// y of x with the present weights.
  void forward(const Tensor& x, Tensor& y, const Finish& finish = {});
  /// Adds to the gradients of weights and bias.
  void add_gradients(const Tensor& x, const Tensor& dy);
  /// dx = W^T dy.
  void backward(const Tensor& dy, Tensor& dx);

  [[nodiscard]] std::vector<Parameter*> parameters() { return {&weights_, &bias_}; }
  [[nodiscard]] const LayerShape& shape() const { return shape_; }

 private:
  LayerShape shape_;
  Product product_;
  Parameter weights_, bias_;
  std::vector<float> d_weights_, d_bias_;
};

}  // namespace lightloom::nn
