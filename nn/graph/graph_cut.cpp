#include "nn/graph/graph_cut.hpp"

namespace lightloom::nn {
namespace {

std::vector<int> frontier_of(const Graph& graph, const std::vector<bool>& first) {
  std::vector<bool> read(first.size(), false);
  for (std::size_t n = 0; n < first.size(); ++n)
    for (const int input : graph.nodes[n].inputs)
      if (!first[n]) read[static_cast<std::size_t>(input)] = true;
  read.back() = true;  // by whoever asks the network
  std::vector<int> frontier;
  for (std::size_t n = 0; n < first.size(); ++n)
    if (first[n] && read[n]) frontier.push_back(static_cast<int>(n));
  return frontier;
}

}  // namespace

GraphCut cut_behind(const Graph& graph, std::span<const int> nodes) {
  GraphCut cut{.first = std::vector<bool>(graph.nodes.size(), false), .frontier = {}};
  cut.first[0] = true;
  for (const int node : nodes) cut.first[static_cast<std::size_t>(node)] = true;
  for (std::size_t n = cut.first.size(); n-- > 0;)
    for (const int input : graph.nodes[n].inputs)
      if (cut.first[n]) cut.first[static_cast<std::size_t>(input)] = true;
  cut.frontier = frontier_of(graph, cut.first);
  return cut;
}

GraphCut cut_at_input(const Graph& graph) { return cut_behind(graph, {}); }

GraphCut cut_at_output(const Graph& graph) {
  return {.first = std::vector<bool>(graph.nodes.size(), true),
          .frontier = {static_cast<int>(graph.nodes.size()) - 1}};
}

std::vector<int> weight_nodes(const Graph& graph) {
  std::vector<int> nodes;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (is_weight_layer(graph.nodes[n].op)) nodes.push_back(static_cast<int>(n));
  return nodes;
}

}  // namespace lightloom::nn
