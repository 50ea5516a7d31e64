#pragma once

#include <string>
#include <vector>

#include "nn/ops/products/product.hpp"
#include "nn/optim/parameter.hpp"

namespace lightloom::nn {

/// How a product's weights begin.
enum class Begins { drawn, zero };

/// A convolution or linear layer with its trained weights and bias.
class TrainedProduct {
 public:
  /// Weights are drawn normal with deviation sqrt(2 / inputs of an output) as product `number` of
  /// the branch of `seed`; the bias begins at zero.
  TrainedProduct(const LayerShape& shape, Begins begins, std::uint64_t seed, std::uint32_t number);

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
