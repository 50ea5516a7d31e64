#pragma once

#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// For every node the nodes that read it.
inline std::vector<std::vector<int>> consumers(const Graph& graph) {
  std::vector<std::vector<int>> all(graph.nodes.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const int input : graph.nodes[n].inputs) {
      all[static_cast<std::size_t>(input)].push_back(static_cast<int>(n));
    }
  }
  return all;
}

/// The only reader of a node if it has exactly one and that is an `op`, else -1.
inline int only_reader(const Graph& graph, const std::vector<std::vector<int>>& readers, int node,
                       Op op) {
  const std::vector<int>& own = readers[static_cast<std::size_t>(node)];
  if (own.size() != 1 || graph.nodes[static_cast<std::size_t>(own[0])].op != op) return -1;
  return own[0];
}

/// The ReLU that alone reads `node`, or -1.
inline int only_relu(const Graph& graph, const std::vector<std::vector<int>>& readers, int node) {
  const int reader = only_reader(graph, readers, node, Op::activation);
  const bool relu =
      reader >= 0 && graph.nodes[static_cast<std::size_t>(reader)].activation == Activation::relu;
  return relu ? reader : -1;
}

}  // namespace lightloom::nn
