#include "nn/onnx/fold.hpp"

#include <cmath>

namespace lightloom::nn::onnx {
namespace {

std::vector<int> reader_counts(const Graph& graph) {
  std::vector<int> counts(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes)
    for (const int input : node.inputs) ++counts[static_cast<std::size_t>(input)];
  return counts;
}

void fold(const NormValues& norm, double epsilon, LayerValues& layer) {
  const std::size_t channels = norm.mean.size(), each = layer.weight.size() / channels;
  layer.bias.resize(channels, 0.0f);
  for (std::size_t c = 0; c < channels; ++c) {
    const double scale = norm.scale[c] / std::sqrt(norm.variance[c] + epsilon);
    for (std::size_t i = c * each; i < (c + 1) * each; ++i)
      layer.weight[i] = static_cast<float>(layer.weight[i] * scale);
    layer.bias[c] =
        static_cast<float>((double{layer.bias[c]} - norm.mean[c]) * scale + norm.shift[c]);
  }
}

template <class Values>
std::map<int, Values> renumbered(std::map<int, Values>& old, const std::vector<int>& number) {
  std::map<int, Values> all;
  for (auto& [node, values] : old) all[number[static_cast<std::size_t>(node)]] = std::move(values);
  return all;
}

/// Leaves out the nodes that stand for the node before them; `same_as` names it, -1 elsewhere.
void remove(const std::vector<int>& same_as, Imported& imported) {
  std::vector<Node> kept;
  std::vector<int> number(same_as.size());
  for (std::size_t n = 0; n < same_as.size(); ++n) {
    if (same_as[n] >= 0) {
      number[n] = number[static_cast<std::size_t>(same_as[n])];
      continue;
    }
    number[n] = static_cast<int>(kept.size());
    kept.push_back(std::move(imported.graph.nodes[n]));
    for (int& input : kept.back().inputs) input = number[static_cast<std::size_t>(input)];
  }
  imported.graph.nodes = std::move(kept);
  imported.layers = renumbered(imported.layers, number);
  imported.norms = renumbered(imported.norms, number);
}

}  // namespace

int fold_norms(Imported& imported) {
  std::vector<Node>& nodes = imported.graph.nodes;
  const std::vector<int> readers = reader_counts(imported.graph);
  std::vector<int> same_as(nodes.size(), -1);
  int folded = 0;
  for (std::size_t n = 1; n < nodes.size(); ++n) {
    if (nodes[n].op != Op::batch_norm) continue;
    const int product = nodes[n].inputs.front();
    const auto layer = imported.layers.find(product);
    if (layer == imported.layers.end() || readers[static_cast<std::size_t>(product)] != 1) continue;
    fold(imported.norms.at(static_cast<int>(n)), nodes[n].epsilon, layer->second);
    imported.norms.erase(static_cast<int>(n));
    nodes[static_cast<std::size_t>(product)].bias = true;
    same_as[n] = product;
    ++folded;
  }
  remove(same_as, imported);
  return folded;
}

}  // namespace lightloom::nn::onnx
