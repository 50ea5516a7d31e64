#include "nn/onnx/translation/live_nodes.hpp"

#include <utility>

namespace lightloom::nn::onnx {
namespace {

template <class Values>
std::map<int, Values> moved_values(std::map<int, Values>& old, const std::vector<int>& number) {
  std::map<int, Values> all;
  for (auto& [node, values] : old)
    if (number[static_cast<std::size_t>(node)] >= 0)
      all[number[static_cast<std::size_t>(node)]] = std::move(values);
  return all;
}

}  // namespace

void keep_what_leads_to(int output, Imported& imported) {
  std::vector<Node>& nodes = imported.graph.nodes;
  std::vector<bool> needed(nodes.size(), false);
  needed[0] = needed[static_cast<std::size_t>(output)] = true;
  for (std::size_t n = static_cast<std::size_t>(output) + 1; n-- > 0;)
    if (needed[n])
      for (const int input : nodes[n].inputs) needed[static_cast<std::size_t>(input)] = true;
  std::vector<Node> kept;
  std::vector<int> number(nodes.size(), -1);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!needed[n]) continue;
    number[n] = static_cast<int>(kept.size());
    kept.push_back(std::move(nodes[n]));
    for (int& input : kept.back().inputs) input = number[static_cast<std::size_t>(input)];
  }
  nodes = std::move(kept);
  imported.layers = moved_values(imported.layers, number);
  imported.norms = moved_values(imported.norms, number);
}

}  // namespace lightloom::nn::onnx
