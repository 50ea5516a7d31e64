#pragma once

#include <span>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// A graph cut in two: a first part that reads nothing of the second.
struct GraphCut {
  std::vector<bool> first;    // by node: whether it is in the first part
  std::vector<int> frontier;  // nodes of the first part that the second reads, ascending; where
                              // there is no second part, the output
};

/// The first part is the input, `nodes` and all that they depend on.
GraphCut cut_behind(const Graph& graph, std::span<const int> nodes);
/// The first part is the input alone.
GraphCut cut_at_input(const Graph& graph);
/// The first part is everything.
GraphCut cut_at_output(const Graph& graph);

/// The nodes that have a layer of weights, ascending: in the order of `Network::weight_layers`.
std::vector<int> weight_nodes(const Graph& graph);

}  // namespace lightloom::nn
