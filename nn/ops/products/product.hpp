#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/ops/precision.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// How a product is computed. Winograd's method is quicker for wide 3x3 convolutions and rounds a
/// few times more (about 1e-6 of the output); directly, sums of integers below 2^24 are exact.
enum class Method { quickest, direct };

/// How a product ends, y = activation(W x + bias + y), and how it is computed.
struct Finish {
  bool accumulate = false;  // adds to what the output holds
  std::optional<Activation> activation;
  Method method = Method::quickest;
};

/// Whether `Product` can fuse this activation.
bool can_fuse(Activation activation);

/// Buffers for weights, gradients and maps in the layouts of oneDNN that the products of one pass
/// share: each is needed only during one call, and a network's worth of them would double its
/// memory.
struct ProductWorkspace {
  Tensor weights;  // or their gradient
  Tensor x, y;     // maps, or their gradients, as a call wants them
  Tensor patches;
  std::vector<float> plain_gradient;
  std::vector<std::uint8_t> levels;  // of a map, and sums of their products
  std::vector<std::int32_t> sums;
};

/// Whether packed weights are kept from call to call or packed anew, into the workspace.
enum class Packing { kept, each_call };

/// How a product is held and computed.
struct ProductOptions {
  Packing packing = Packing::kept;
  Precision precision = Precision::float32;
};

/// A convolution or linear layer and its two gradients on float32 tensors, channels last; their
/// operands may be rounded to bfloat16 inside, which the processor must have. Weights come and go
/// as [out, in/groups, kh, kw] row-major; inside they are held in the layout the machine likes
/// best.
class Product {
 public:
  /// The workspace must outlive the product; without one it has its own.
  explicit Product(const LayerShape& shape, ProductWorkspace* shared = nullptr,
                   const ProductOptions& options = {});
  ~Product();
  Product(Product&&) noexcept;
  Product& operator=(Product&&) noexcept;

  void set_weights(std::span<const float> weights);
  /// Room for new weights, to be filled before the next call.
  std::span<float> new_weights();
  /// Weights that stay where they are and must outlive the next calls.
  void view_weights(std::span<const float> weights);
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
