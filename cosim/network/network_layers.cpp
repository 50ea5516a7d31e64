#include "cosim/network/network_layers.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "nn/graph/function_sign.hpp"

namespace lightloom::cosim {
namespace {

bool keeps_sign(nn::Activation activation) {
  switch (activation) {
    case nn::Activation::relu:
    case nn::Activation::relu6:
    case nn::Activation::hard_sigmoid:
    case nn::Activation::sigmoid:
      return true;
    default:
      return false;
  }
}

/// Cubic interpolation has negative weights.
bool weights_positive(const nn::ResizeTable& table) {
  const auto positive = [](const nn::ResizeAxis& axis) {
    return std::ranges::all_of(axis, [](const std::vector<nn::ResizeTap>& taps) {
      return std::ranges::all_of(taps, [](const nn::ResizeTap& tap) { return tap.weight >= 0; });
    });
  };
  return positive(table.rows) && positive(table.columns);
}

bool non_negative(const nn::Node& node, const std::vector<bool>& before) {
  switch (node.op) {
    case nn::Op::activation:
      return node.activation == nn::Activation::function ? nn::never_negative(*node.function)
                                                         : keeps_sign(node.activation);
    case nn::Op::quantise:
      if (node.quantiser.low == node.quantiser.zero) return true;  // clipped there
      break;
    case nn::Op::softmax:
      return true;
    case nn::Op::rearrange:
      if (node.places->fill < 0) return false;
      break;
    case nn::Op::resize:
      if (!weights_positive(*node.resize)) return false;
      break;
    case nn::Op::convolution:
    case nn::Op::linear:
    case nn::Op::batch_norm:
    case nn::Op::group_norm:
    case nn::Op::layer_norm:
    case nn::Op::affine:
    case nn::Op::constant:
      return false;
    default:  // pools, sums, products, concatenations, dropout
      break;
  }
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](int input) { return before[static_cast<std::size_t>(input)]; });
}

std::int64_t tokens(const nn::MapShape& map) { return std::int64_t{map.height} * map.width; }

/// A layer with a 1 x 1 kernel of `groups` (inner to outer) over so many positions.
nn::LayerShape product_layer(const std::string& name, std::int64_t positions, int groups,
                             std::pair<std::int64_t, std::int64_t> inner_outer) {
  nn::LayerShape shape{.name = name,
                       .in_channels = static_cast<int>(groups * inner_outer.first),
                       .out_channels = static_cast<int>(groups * inner_outer.second),
                       .groups = groups,
                       .in_height = static_cast<int>(positions),
                       .in_width = 1};
  shape.out_height = shape.in_height;
  shape.out_width = 1;
  return shape;
}

/// The products of maps of a node; none of most. Attention: scores q k^T, then sums of values.
std::vector<LayerProduct> products_of(const nn::Graph& graph, int number,
                                      const std::vector<bool>& positive) {
  const nn::Node& node = graph.nodes[static_cast<std::size_t>(number)];
  if (node.op != nn::Op::attention && node.op != nn::Op::matrix_product) return {};
  const auto first = static_cast<std::size_t>(node.inputs[0]);
  const nn::MapShape& left = graph.nodes[first].shape;
  if (node.op == nn::Op::matrix_product)
    return {{.shape = product_layer(node.name, node.shape.width, node.shape.height,
                                    {left.channels, node.shape.channels}),
             .signed_inputs = !positive[first]}};
  const std::int64_t queries = tokens(left),
                     keys = tokens(graph.nodes[static_cast<std::size_t>(node.inputs[1])].shape),
                     width = left.channels / node.groups;
  return {{.shape = product_layer(node.name + "/scores", queries, node.groups, {width, keys}),
           .signed_inputs = !positive[first],
           .digital = work_beside_products(graph, number)},
          {.shape = product_layer(node.name + "/sums", queries, node.groups, {keys, width})}};
}

/// Counts what is done between weight layers with the layer before it.
void add_work(CostLayer& layer, const DigitalWork& all, const std::vector<LayerProduct>& products) {
  layer.digital += all;
  if (products.empty())
    (layer.products.empty() ? layer.before_products : layer.products.back().digital) += all;
  else
    layer.products.insert(layer.products.end(), products.begin(), products.end());
}

/// Gives the last of the layers all streams that it is made of by itself, those included that its
/// source leaves to the first layer of its group: these it shares.
void share_words(int group, std::vector<nn::StoredStream> all, std::vector<CostLayer>& layers,
                 std::map<int, std::size_t>& first_of_group) {
  CostLayer& last = layers.back();
  const auto [first, is_first] = first_of_group.try_emplace(group, layers.size() - 1);
  const std::int64_t missing = nn::bits_of(all) - nn::bits_of(last.streams);
  if (group == 0 || is_first || missing <= 0) return;
  last.streams = std::move(all);
  last.shared = layers[first->second].shared = {group, missing};
}

/// Whether nothing but a normalisation takes a node's results, by node.
std::vector<bool> normalised_nodes(const nn::Graph& graph) {
  std::vector<int> takers(graph.nodes.size());
  std::vector<bool> normalised(graph.nodes.size());
  for (const nn::Node& node : graph.nodes)
    for (const int input : node.inputs) {
      const auto of = static_cast<std::size_t>(input);
      const bool scales = node.op == nn::Op::batch_norm || node.op == nn::Op::affine;
      normalised[of] = ++takers[of] == 1 && scales;
    }
  return normalised;
}

}  // namespace

std::vector<bool> non_negative_values(const nn::Graph& graph, const nn::Normalise& pixels) {
  std::vector<bool> values;
  for (const nn::Node& node : graph.nodes)
    values.push_back(node.op == nn::Op::input ? pixels.mean.empty() && !pixels.signed_inputs
                                              : non_negative(node, values));
  return values;
}

std::vector<CostLayer> cost_layers(const nn::Graph& graph, const nn::Normalise& pixels,
                                   const nn::SourceCard& weights) {
  const std::vector<bool> positive = non_negative_values(graph, pixels),
                          normalised = normalised_nodes(graph);
  std::vector<CostLayer> layers;
  nn::NetworkSources sources(weights);
  std::map<int, std::size_t> groups;  // first layers of those that share words
  DigitalWork before;                 // done to the input; counted with the first layer
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    const nn::Op op = graph.nodes[node].op;
    if (op != nn::Op::convolution && op != nn::Op::linear) {
      const auto number = static_cast<int>(node);
      const DigitalWork work = digital_work(graph, number);
      if (layers.empty())
        before += work;
      else
        add_work(layers.back(), work, products_of(graph, number, positive));
      continue;
    }
    const nn::LayerShape shape = nn::layer_shape(graph, static_cast<int>(node));
    const auto source = sources.make(shape);
    layers.push_back(source_layer(shape, *source));
    share_words(source->shared_group(), nn::stored_streams(weights, shape), layers, groups);
    layers.back().normalised = normalised[node];
    layers.back().signed_inputs =
        !positive[static_cast<std::size_t>(graph.nodes[node].inputs.front())];
  }
  if (!layers.empty()) {
    layers.front().digital += before;
    layers.front().before_products += before;
  }
  return layers;
}

void choose_way(WayChoice choice, std::vector<CostLayer>& layers) {
  for (CostLayer& layer : layers) {
    if (!layer.takes_work()) continue;
    if (choice == WayChoice::reload) layer.way = WeightDelivery::reload;
    if (choice == WayChoice::factored) layer.way = WeightDelivery::factored;
    if (choice == WayChoice::automatic) layer.way = WeightDelivery::automatic;
  }
}

}  // namespace lightloom::cosim
