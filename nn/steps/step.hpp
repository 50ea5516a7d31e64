#pragma once

#include <memory>
#include <vector>

#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/ops/products/product.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn {

/// The tensors of one pass through a graph, by node.
struct Flow {
  const Graph* graph = nullptr;
  TensorPool pool;
  std::vector<std::shared_ptr<Tensor>> values, gradients;
  std::vector<bool> given;  // by node: values that come from outside, as images do
  int images = 0;
  std::uint64_t first_image = 0;  // number of the first image, for noise
  std::uint64_t step = 0;         // training step, for noise and dropout
  std::uint64_t seed = 0;         // of all that a training draws
  double weight_noise = 0;        // its deviation as a share of a layer's largest weight
  MatrixEngine* engine = nullptr;
  ProductWorkspace products;  // of the weight layers

  explicit Flow(const Graph& g)
      : graph(&g), values(g.nodes.size()), gradients(g.nodes.size()), given(g.nodes.size(), false) {
    given[0] = true;
  }

  [[nodiscard]] TensorShape shape(int node) const {
    return {images, graph->nodes[static_cast<std::size_t>(node)].shape};
  }
  [[nodiscard]] const Tensor& value(int node) const {
    return *values[static_cast<std::size_t>(node)];
  }
  /// A fresh tensor for the value of a node.
  Tensor& make_value(int node);
  /// A tensor of the node's shape that belongs to nobody yet.
  std::shared_ptr<Tensor> fresh(int node) { return pool.take(shape(node)); }
  /// The gradient of a node if nobody else holds it, to be overwritten in place; else a fresh
  /// tensor.
  std::shared_ptr<Tensor> in_place_of_gradient(int node);
  /// Adds a gradient to a node's; `gradient` is shared from then on.
  void give_gradient(int node, std::shared_ptr<Tensor> gradient);
};

/// Whether a tensor of a flow belongs to one node only: the pool holds one reference, the flow the
/// other.
bool only_ours(const std::shared_ptr<Tensor>& tensor);

/// One operation in a pass. Steps own no tensors of the flow, only what they need between forward
/// and backward.
class Step {
 public:
  virtual ~Step() = default;
  virtual void forward(Flow& flow) = 0;
  /// Reads the gradient of its output, gives gradients to its inputs.
  virtual void backward(Flow& flow) = 0;
  /// The nodes whose values `backward` reads.
  [[nodiscard]] virtual std::vector<int> keeps() const { return {}; }
};

/// Steps without parameters: activations, pooling, add, concat, ... `node` is the output's number.
std::unique_ptr<Step> make_plain_step(const Graph& graph, int node, std::uint64_t seed);
/// relu(left + right) of an add node, written to `output`.
std::unique_ptr<Step> make_add_relu_step(const Graph& graph, int node, int output);
/// A weight layer in training: materialises its source each forward, quantises its input.
/// `shared` must outlive the step.
std::unique_ptr<Step> make_product_step(Network& network, int node, ProductWorkspace& shared,
                                        const ProductPlan& plan);
/// A normalisation with batch statistics, its value written to `output`: the node itself, or the
/// ReLU after it, fused.
std::unique_ptr<Step> make_norm_step(Network& network, int node, int output);
/// A group or layer normalisation, the same in training and inference.
std::unique_ptr<Step> make_group_norm_step(Network& network, int node);
/// A scale per channel or a constant, the same in training and inference.
std::unique_ptr<Step> make_parameter_step(Network& network, int node);

}  // namespace lightloom::nn
