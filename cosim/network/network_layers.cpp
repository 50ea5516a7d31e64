#include "cosim/network/network_layers.hpp"

#include <algorithm>

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
  const std::vector<bool> positive = non_negative_values(graph, pixels);
  std::vector<CostLayer> layers;
  DigitalWork before;  // done to the input; counted with the first layer
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    const nn::Op op = graph.nodes[node].op;
    if (op != nn::Op::convolution && op != nn::Op::linear) {
      (layers.empty() ? before : layers.back().digital) +=
          digital_work(graph, static_cast<int>(node));
      continue;
    }
    const nn::LayerShape shape = nn::layer_shape(graph, static_cast<int>(node));
    layers.push_back(source_layer(shape, *nn::make_source(weights, shape)));
    layers.back().signed_inputs =
        !positive[static_cast<std::size_t>(graph.nodes[node].inputs.front())];
  }
  if (!layers.empty()) layers.front().digital += before;
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
