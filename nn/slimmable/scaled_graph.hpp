#pragma once

#include <span>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/graph/graph_cut.hpp"

namespace lightloom::nn {

/// A graph with fewer channels, and which channels these are.
struct ScaledGraph {
  Graph graph;                         // of the same nodes
  std::vector<std::vector<int>> kept;  // by node and channel, the channel of the whole graph
};

/// The graph whose weight layers have the first round(share * channels) of their output channels;
/// inputs, and the outputs of the layers that answer, stay. `shares` has one number in (0, 1] for
/// each node. Throws `Error` naming the node where this leaves no network: groups of channels
/// (other than depthwise), sums of different channels, operations that mix channels.
ScaledGraph scaled_graph(const Graph& whole, std::span<const double> shares);

/// The share of every node: `trunk` before the cut, `rest` behind it.
std::vector<double> width_shares(const GraphCut& cut, double trunk, double rest);

/// The cut behind the layer called `name` and what is computed of it alone; throws `Error` unless
/// one tensor passes there, with the names of the layers where one does.
GraphCut cut_behind_layer(const Graph& graph, const std::string& name);

}  // namespace lightloom::nn
