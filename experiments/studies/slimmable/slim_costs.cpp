#include "experiments/studies/slimmable/slim_costs.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "cosim/layers/cost_input.hpp"
#include "cosim/mapping.hpp"
#include "cosim/network/network_layers.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {
namespace {

/// The layers of a width as the cost sees them: geometry and digital work of the narrow graph,
/// words and work of the slices.
std::vector<cosim::CostLayer> layers_of(const Experiment& card, nn::Network& network) {
  std::vector<cosim::CostLayer> layers =
      cosim::cost_layers(network.graph(), card.network.dataset.normalise, {});
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const cosim::CostLayer own =
        cosim::source_layer(layers[l].shape, *network.weight_layers()[l].source);
    layers[l].way = own.way;
    layers[l].streams = own.streams;
    layers[l].work = own.work;
    layers[l].factors = own.factors;
    layers[l].row_repeats = own.row_repeats;
  }
  return layers;
}

}  // namespace

cosim::DigitalWork gate_work(const nn::MapShape& map, const nn::GateCard& gate) {
  const std::int64_t products = std::int64_t{gate.hidden} * (map.channels + gate.choices);
  return {.adds = map.size() + products + gate.hidden + gate.choices,
          .multiplies = map.channels + products};
}

ImageCost width_cost(const Experiment& card, nn::SlimmableNetwork& slim, std::size_t width) {
  HardwareCard hardware = card.hardware;
  hardware.batch = 1;
  std::vector<cosim::CostLayer> layers = layers_of(card, slim.network(width));
  if (const auto& gate = card.slimmable->gate) {
    const nn::Graph& graph = slim.network(width).graph();
    const auto behind = static_cast<std::size_t>(slim.trunk().frontier.front());
    for (cosim::CostLayer& layer : layers)
      if (layer.shape.name == gate->after)
        layer.digital += gate_work(graph.nodes[behind].shape, *gate);
  }
  const cosim::CostInput input = cost_inputs({std::move(layers)}, hardware).front();
  const cosim::CostReport report = cosim::simulate_cost(input);
  ImageCost cost{.time_s = report.time_s(), .energy_J = report.energy_J()};
  for (const cosim::CostLayer& layer : input.layers)
    cost.tiles +=
        cosim::map_layer(layer.shape, {input.core.rows, input.core.columns}, input.packing).tiles;
  return cost;
}

StaticWidth static_width(const Experiment& card, const nn::Graph& model, const nn::SlimCard& slim,
                         double bits) {
  constexpr int steps = 64;
  const nn::GraphCut cut = nn::cut_behind_layer(model, slim.gate->after);
  StaticWidth best;
  double least = std::numeric_limits<double>::infinity();
  for (int k = 1; k <= steps; ++k) {
    const double width = static_cast<double>(k) / steps;
    nn::ScaledGraph scaled;
    try {
      scaled = nn::scaled_graph(model, nn::width_shares(cut, slim.gate->trunk, width));
    } catch (const Error&) {  // shortcuts to which zeros cannot be added, layers without channels
      continue;
    }
    const nn::Network network(scaled.graph, card.network.weights, card.seed,
                              nn::InitialWeights::none);
    const double miss = std::abs(static_cast<double>(nn::network_bits(network)) - bits);
    if (miss < least) {
      least = miss;
      best = {.width = width, .scaled = std::move(scaled)};
    }
  }
  return best;
}

}  // namespace lightloom::experiments
