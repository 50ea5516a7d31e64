#include "nn/io/torch_names.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "nn/graph/graph_cut.hpp"
#include "nn/io/arrays_by_name.hpp"
#include "nn/io/columns.hpp"
#include "nn/io/torch_dialects.hpp"

namespace lightloom::nn {
namespace {

std::vector<std::int64_t> shape_of(const LayerShape& s) {
  if (s.kind == LayerShape::Kind::linear) return {s.out_channels, s.in_channels};
  return {s.out_channels, s.in_channels / s.groups, s.kernel_height, s.kernel_width};
}

std::set<std::string> names_of(const Network& network) {
  std::set<std::string> names;
  for (const WeightLayer& layer : network.weight_layers()) {
    names.insert(layer.shape.name + ".weight");
    if (layer.shape.bias) names.insert(layer.shape.name + ".bias");
  }
  for (const NormLayer& norm : network.norms()) {
    names.insert(norm.name + ".weight");
    names.insert(norm.name + ".bias");
    if (norm.running) names.insert({norm.name + ".running_mean", norm.name + ".running_var"});
  }
  return names;
}

/// timm's normalisations add 1e-5 to the variance in all its MobileNets, where torchvision's and
/// ours of MobileNetV3 add 1e-3: the difference goes into the variance. 0: as the network's own.
double foreign_epsilon(const std::vector<NamedArray>& arrays) {
  std::vector<std::string> names;
  for (const NamedArray& one : arrays) names.push_back(one.name);
  return is_timm(names) ? 1e-5 : 0;
}

/// What the node reads, in the order of the file that `order` knows; empty: in ours.
const Channels& read_channels(const Graph& graph, const ChannelOrder& order, int node) {
  return order[static_cast<std::size_t>(
      graph.nodes[static_cast<std::size_t>(node)].inputs.front())];
}

void import_layers(ArraysByName& given, const ChannelOrder& order, Network& network) {
  const std::vector<int> nodes = weight_nodes(network.graph());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const LayerShape shape = network.weight_layers()[n].shape;
    std::vector<float> weight = given.get(shape.name + ".weight", shape_of(shape));
    weight = in_our_order(std::move(weight), shape.out_channels,
                          read_channels(network.graph(), order, nodes[n]));
    if (shape.kind == LayerShape::Kind::linear)
      weight = columns_to_channels_last(weight, flattened_map(network.graph(), nodes[n]));
    if (given.has(shape.name + ".bias")) network.give_bias(n);
    WeightLayer& layer = network.weight_layers()[n];
    layer.source->encode(weight);
    if (layer.shape.bias) layer.bias.value = given.get(shape.name + ".bias", {shape.out_channels});
  }
}

void import_norm(ArraysByName& given, const Channels& order, NormLayer& norm) {
  const auto channels = static_cast<std::int64_t>(norm.mean.size());
  const auto read = [&](const char* part) {
    return in_our_order(given.get(norm.name + part, {channels}), 1, order);
  };
  norm.scale.value = read(".weight");
  norm.shift.value = read(".bias");
  if (!norm.running) return;
  norm.mean = read(".running_mean");
  norm.variance = read(".running_var");
}

void import_norms(ArraysByName& given, const ChannelOrder& order, Network& network) {
  const std::vector<Node>& nodes = network.graph().nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto node = static_cast<int>(i);
    if (!is_norm(nodes[i].op) && nodes[i].op != Op::constant) continue;
    NormLayer& norm = network.norms()[static_cast<std::size_t>(network.index_of(node))];
    if (nodes[i].op == Op::constant)
      norm.shift.value = given.get(norm.name, {static_cast<std::int64_t>(norm.shift.value.size())});
    else
      import_norm(given, read_channels(network.graph(), order, node), norm);
  }
}

}  // namespace

std::size_t own_names(const std::vector<NamedArray>& arrays, const Network& network) {
  return ArraysByName(arrays, network.graph().name, names_of(network)).found();
}

void import_torch(const std::vector<NamedArray>& arrays, Network& network) {
  ArraysByName given(arrays, network.graph().name, names_of(network));
  const ChannelOrder order = given.newest_first() ? newest_first(network.graph())
                                                  : ChannelOrder(network.graph().nodes.size());
  import_layers(given, order, network);
  import_norms(given, order, network);
  const double foreign = foreign_epsilon(arrays);
  for (NormLayer& norm : network.norms())
    if (norm.running && foreign > 0)
      for (float& variance : norm.variance)
        variance = static_cast<float>(variance + foreign - norm.epsilon);
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
