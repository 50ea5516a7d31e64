#pragma once

#include <utility>
#include <vector>

#include "nn/steps/step.hpp"

namespace lightloom::nn {

inline const Node& node_of(const Graph& graph, int node) {
  return graph.nodes[static_cast<std::size_t>(node)];
}

/// A step of one output node and its inputs.
class PlainStep : public Step {
 public:
  PlainStep(const Graph& graph, int node) : node_(node), inputs_(node_of(graph, node).inputs) {}

 protected:
  [[nodiscard]] int in() const { return inputs_.front(); }
  [[nodiscard]] const Tensor& gradient(Flow& flow) const {
    return *flow.gradients[static_cast<std::size_t>(node_)];
  }

  int node_;
  std::vector<int> inputs_;
};

/// The operations on maps of `nn/ops/maps` that are no pooling, quantisers, and activations given
/// as functions; null for any other node.
std::unique_ptr<Step> make_map_step(const Graph& graph, int node);

}  // namespace lightloom::nn
