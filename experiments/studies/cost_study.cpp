#include "experiments/studies/cost_study.hpp"

#include <algorithm>

#include "nn/models/models.hpp"

namespace lightloom::experiments {
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

bool non_negative(const nn::Node& node, const std::vector<bool>& before) {
  switch (node.op) {
    case nn::Op::activation:
      return keeps_sign(node.activation);
    case nn::Op::convolution:
    case nn::Op::linear:
    case nn::Op::batch_norm:
    case nn::Op::group_norm:
    case nn::Op::layer_norm:
      return false;
    default:  // pools, sums, products, concatenations, dropout
      return std::all_of(node.inputs.begin(), node.inputs.end(),
                         [&](int input) { return before[static_cast<std::size_t>(input)]; });
  }
}

/// One cost layer for each weight layer of the graph, under one source. What comes before the next
/// weight layer is digital work of the layer.
std::vector<cosim::CostLayer> cost_layers(const nn::Graph& graph, const NetworkCard& network,
                                          const nn::SourceCard& weights) {
  const std::vector<bool> positive = non_negative_values(graph, network.dataset.normalise);
  std::vector<cosim::CostLayer> layers;
  cosim::DigitalWork before;  // done to the input; counted with the first layer
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    const nn::Op op = graph.nodes[node].op;
    if (op != nn::Op::convolution && op != nn::Op::linear) {
      (layers.empty() ? before : layers.back().digital) +=
          cosim::digital_work(graph, static_cast<int>(node));
      continue;
    }
    const nn::LayerShape shape = nn::layer_shape(graph, static_cast<int>(node));
    layers.push_back(cosim::source_layer(shape, *nn::make_source(weights, shape)));
    layers.back().signed_inputs =
        !positive[static_cast<std::size_t>(graph.nodes[node].inputs.front())];
  }
  if (!layers.empty()) layers.front().digital += before;
  return layers;
}

/// Layers whose source takes no work have one way only.
void choose_way(WayChoice choice, std::vector<cosim::CostLayer>& layers) {
  for (cosim::CostLayer& layer : layers) {
    if (!layer.takes_work()) continue;
    if (choice == WayChoice::reload) layer.way = cosim::Way::reload;
    if (choice == WayChoice::factored) layer.way = cosim::Way::factored;
    if (choice == WayChoice::automatic) layer.way = cosim::Way::automatic;
  }
}

/// Hardware without a generator for sources that need none, so that they do not pay for it.
cosim::GeneratorCard generator_for(const std::vector<cosim::CostLayer>& layers,
                                   const HardwareCard& hardware) {
  const bool generates =
      std::any_of(layers.begin(), layers.end(), [](const cosim::CostLayer& layer) {
        return layer.way == cosim::Way::regenerate || layer.way == cosim::Way::automatic;
      });
  cosim::GeneratorCard generator = hardware.generator;
  if (!generates) generator.kind = cosim::GeneratorKind::none;
  return generator;
}

cosim::CostInput cost_input(std::vector<cosim::CostLayer> layers,
                            const photonic::CoreDescription& core, const HardwareCard& hardware) {
  cosim::GeneratorCard generator = generator_for(layers, hardware);
  return {.layers = std::move(layers),
          .core = core,
          .memory = hardware.memory,
          .generator = generator,
          .programming = hardware.programming,
          .digital = hardware.digital,
          .schedule = hardware.schedule,
          .batch = hardware.batch,
          .activation_bits = hardware.activation_bits};
}

}  // namespace

std::vector<bool> non_negative_values(const nn::Graph& graph, const nn::Normalise& pixels) {
  std::vector<bool> values;
  for (const nn::Node& node : graph.nodes)
    values.push_back(node.op == nn::Op::input ? pixels.mean.empty() : non_negative(node, values));
  return values;
}

double CostStudy::speedup(std::size_t i) const { return reports[i].time_ns / reports[0].time_ns; }

double CostStudy::energy_gain(std::size_t i) const {
  return reports[i].energy_J() / reports[0].energy_J();
}

SourceLayers source_layers(const NetworkCard& network) {
  const nn::Graph graph = nn::build_graph(network.model, network.dataset.name);
  SourceLayers layers;
  for (const nn::SourceCard& weights : sources(network))
    layers.push_back(cost_layers(graph, network, weights));
  return layers;
}

const SourceLayers& SourceLayersCache::layers(const Experiment& card) {
  constexpr std::size_t most = 64;
  Tree part = Tree::mapping();
  for (const char* key : {"dataset", "model", "weights", "baselines"})
    if (const Tree* found = card.resolved.find(key)) part.at_or_add(key) = *found;
  const std::string text = to_yaml(part);
  const auto found = known_.find(text);
  if (found != known_.end()) return found->second;
  if (known_.size() >= most) known_.clear();
  return known_[text] = source_layers(card.network);
}

std::vector<cosim::CostInput> cost_inputs(const SourceLayers& layers,
                                          const HardwareCard& hardware) {
  const auto core = photonic::make_core(hardware.core);
  std::vector<cosim::CostInput> inputs;
  for (std::vector<cosim::CostLayer> source : layers) {
    if (inputs.empty()) choose_way(hardware.way, source);  // baselines run as they are
    inputs.push_back(cost_input(std::move(source), core->description(), hardware));
  }
  return inputs;
}

CostStudy study_cost(const Experiment& card, const SourceLayers& layers) {
  CostStudy study{.labels = source_labels(card.network), .batch = card.hardware.batch};
  for (const cosim::CostInput& input : cost_inputs(layers, card.hardware))
    study.reports.push_back(cosim::simulate_cost(input));
  return study;
}

}  // namespace lightloom::experiments
