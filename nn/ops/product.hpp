#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/layer_shape.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// What is fused into the end of a product: y = activation(W x + bias + y).
struct Finish {
  bool accumulate = false;  // adds to what the output holds
  std::optional<Activation> activation;
};

/// Whether `Product` can fuse this activation.
bool can_fuse(Activation activation);

/// Buffers for packed weights and gradients that the products of one training pass share: each is
/// needed only during one call, and a network's worth of them would double its memory.
struct ProductWorkspace {
  Tensor weights, gradient;
  std::vector<float> plain_gradient;
};

/// A convolution or linear layer and its two gradients, float32, channels last. Weights come and go
/// as [out, in/groups, kh, kw] row-major; inside they are held in the layout the machine likes
/// best.
class Product {
 public:
  /// Without a workspace the packed weights are kept from call to call; with one, which must
  /// outlive the product, they are packed anew every time.
  explicit Product(const LayerShape& shape, ProductWorkspace* shared = nullptr);
  ~Product();
  Product(Product&&) noexcept;
  Product& operator=(Product&&) noexcept;

  void set_weights(std::span<const float> weights);
  /// Room for new weights, to be filled before the next call.
  std::span<float> new_weights();
  /// `bias` has out_channels values or none. `y` must have the output shape for the images of `x`.
  void forward(const Tensor& x, std::span<const float> bias, Tensor& y, const Finish& finish = {});
  /// dx = W^T dy, overwritten.
  void backward_input(const Tensor& dy, Tensor& dx);
  /// Gradients of weights and bias, overwritten; `d_bias` may be empty.
  void backward_weights(const Tensor& x, const Tensor& dy, std::span<float> d_weights,
                        std::span<float> d_bias);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> own_;
};

}  // namespace lightloom::nn
