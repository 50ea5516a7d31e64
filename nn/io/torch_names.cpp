#include "nn/io/torch_names.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

/// Column numbers of channels-last order in channel-major order.
std::vector<std::size_t> channel_major_columns(const MapShape& map) {
  std::vector<std::size_t> from;
  const std::int64_t area = std::int64_t{map.height} * map.width;
  for (std::int64_t p = 0; p < area; ++p) {
    for (int c = 0; c < map.channels; ++c) {
      from.push_back(static_cast<std::size_t>(c * area + p));
    }
  }
  return from;
}

class Arrays {
 public:
  explicit Arrays(const std::vector<NamedArray>& arrays) : arrays_(arrays) {}

  const std::vector<float>& get(const std::string& name, std::int64_t size) {
    const auto found = std::find_if(arrays_.begin(), arrays_.end(),
                                    [&](const NamedArray& one) { return one.name == name; });
    require(found != arrays_.end(), "the file lacks '{}' (another model?)", name);
    require(static_cast<std::int64_t>(found->values.size()) == size,
            "'{}' has {} values where the network needs {}", name, found->values.size(), size);
    used_.insert(name);
    return found->values;
  }
  void require_all_used() const {
    for (const NamedArray& one : arrays_) {
      require(used_.contains(one.name), "the network has no place for '{}' (another model?)",
              one.name);
    }
  }

 private:
  const std::vector<NamedArray>& arrays_;
  std::set<std::string> used_;
};

/// The graph nodes of weight layers, in their order.
std::vector<int> weight_nodes(const Graph& graph) {
  std::vector<int> nodes;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Op op = graph.nodes[n].op;
    if (op == Op::convolution || op == Op::linear) nodes.push_back(static_cast<int>(n));
  }
  return nodes;
}

std::vector<std::int64_t> shape_of(const LayerShape& s) {
  if (s.kind == LayerShape::Kind::linear) return {s.out_channels, s.in_channels};
  return {s.out_channels, s.in_channels / s.groups, s.kernel_height, s.kernel_width};
}

}  // namespace

MapShape flattened_map(const Graph& graph, int linear) {
  const Node* node = &graph.nodes[static_cast<std::size_t>(linear)];
  do {
    node = &graph.nodes[static_cast<std::size_t>(node->inputs.front())];
  } while (node->op == Op::dropout || node->op == Op::activation);
  if (node->op != Op::flatten) return {1, 1, node->shape.channels};
  return graph.nodes[static_cast<std::size_t>(node->inputs.front())].shape;
}

std::vector<float> columns_to_channels_last(const std::vector<float>& weight, const MapShape& map) {
  const std::vector<std::size_t> from = channel_major_columns(map);
  std::vector<float> to(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) to[row + i] = weight[row + from[i]];
  }
  return to;
}

std::vector<float> columns_to_channels_first(const std::vector<float>& weight,
                                             const MapShape& map) {
  const std::vector<std::size_t> from = channel_major_columns(map);
  std::vector<float> to(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) to[row + from[i]] = weight[row + i];
  }
  return to;
}

void import_torch(const std::vector<NamedArray>& arrays, Network& network) {
  Arrays given(arrays);
  const std::vector<int> nodes = weight_nodes(network.graph());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    WeightLayer& layer = network.weight_layers()[n];
    const LayerShape& shape = layer.shape;
    std::vector<float> weight = given.get(shape.name + ".weight", shape.weights());
    if (shape.kind == LayerShape::Kind::linear) {
      weight = columns_to_channels_last(weight, flattened_map(network.graph(), nodes[n]));
    }
    layer.source->encode(weight);
    if (shape.bias) layer.bias.value = given.get(shape.name + ".bias", shape.out_channels);
  }
  for (NormLayer& norm : network.norms()) {
    const auto channels = static_cast<std::int64_t>(norm.mean.size());
    if (norm.scale.value.empty()) {  // a constant
      norm.shift.value = given.get(norm.name, static_cast<std::int64_t>(norm.shift.value.size()));
      continue;
    }
    norm.scale.value = given.get(norm.name + ".weight", channels);
    norm.shift.value = given.get(norm.name + ".bias", channels);
    if (!norm.running) continue;
    norm.mean = given.get(norm.name + ".running_mean", channels);
    norm.variance = given.get(norm.name + ".running_var", channels);
  }
  given.require_all_used();
}

std::vector<NamedArray> export_torch(Network& network) {
  std::vector<NamedArray> arrays;
  const std::vector<int> nodes = weight_nodes(network.graph());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    WeightLayer& layer = network.weight_layers()[n];
    std::vector<float> weight = dense_weight(layer);
    if (layer.shape.kind == LayerShape::Kind::linear) {
      weight = columns_to_channels_first(weight, flattened_map(network.graph(), nodes[n]));
    }
    arrays.push_back({layer.shape.name + ".weight", shape_of(layer.shape), std::move(weight)});
    if (layer.shape.bias) {
      arrays.push_back({layer.shape.name + ".bias", {layer.shape.out_channels}, layer.bias.value});
    }
  }
  for (const NormLayer& norm : network.norms()) {
    const auto channels = static_cast<std::int64_t>(norm.mean.size());
    if (norm.scale.value.empty()) {  // a constant
      const auto size = static_cast<std::int64_t>(norm.shift.value.size());
      arrays.push_back({norm.name, {size}, norm.shift.value});
      continue;
    }
    arrays.push_back({norm.name + ".weight", {channels}, norm.scale.value});
    arrays.push_back({norm.name + ".bias", {channels}, norm.shift.value});
    if (!norm.running) continue;
    arrays.push_back({norm.name + ".running_mean", {channels}, norm.mean});
    arrays.push_back({norm.name + ".running_var", {channels}, norm.variance});
  }
  return arrays;
}

}  // namespace lightloom::nn
