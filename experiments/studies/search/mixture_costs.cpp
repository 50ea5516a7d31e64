#include "experiments/studies/search/mixture_costs.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::experiments {
namespace {

using nn::MixtureCost;

double bytes_of(const nn::SourceCard& weights, const nn::LayerShape& shape) {
  return static_cast<double>(nn::bits_of(nn::stored_streams(weights, shape))) / 8;
}

cosim::CostInput input_of(const Experiment& card, const nn::Graph& graph,
                          const nn::SourceCard& weights) {
  const SourceLayers layers{cosim::cost_layers(graph, card.network.dataset.normalise, weights)};
  return cost_inputs(layers, card.hardware).front();
}

double simulated(MixtureCost cost, const cosim::CostReport& report) {
  return cost == MixtureCost::time ? report.time_s() : report.energy_J();
}

/// The candidate in all layers, as far as it takes them.
nn::SourceCard uniform(const Experiment& card, std::size_t candidate) {
  nn::SourceCard weights = card.search->candidates[candidate].weights;
  weights.layers.clear();
  return weights;
}

}  // namespace

MixtureCosts::MixtureCosts(const Experiment& card, const nn::Graph& graph)
    : card_(card), graph_(graph), shapes_(nn::network_shape(graph).layers) {
  const std::vector<nn::MixtureTarget>& targets = card.search->targets;
  const bool simulates =
      card.hardware.generator.present() ||
      std::ranges::any_of(targets, [](const auto& one) { return one.cost != MixtureCost::bytes; });
  find_serving();
  for (const MixtureCost cost : nn::mixture_costs)
    if (cost == MixtureCost::bytes || simulates) known_.push_back(cost);
  costs_.resize(known_.size());
  for (Known& one : costs_)
    one.table.assign(shapes_.size(), std::vector<double>(card.search->candidates.size()));
  for (std::size_t c = 0; c < card.search->candidates.size(); ++c) fill_table(c);
  for (std::size_t k = 0; k < known_.size(); ++k) {
    const auto found = std::ranges::find(targets, known_[k], &nn::MixtureTarget::cost);
    set_target(k, found == targets.end() ? nullptr : &*found);
  }
}

void MixtureCosts::find_serving() {
  const std::vector<nn::MixtureCandidate>& candidates = card_.search->candidates;
  for (const nn::LayerShape& shape : shapes_) {
    LayerNumbers& serving = serving_.emplace_back();
    for (std::size_t c = 0; c < candidates.size(); ++c)
      if (nn::takes_layer(candidates[c].weights, shape)) serving.push_back(c);
    require(!serving.empty(),
            "no candidate of the search can serve layer '{}' ({}; add one that can, such as "
            "{{label: int8, source: integer, bits: 8}})",
            shape.name,
            nn::is_linear(shape) ? "it is linear" : "its sizes leave nothing to generate");
  }
}

void MixtureCosts::fill_table(std::size_t candidate) {
  const nn::SourceCard weights = uniform(card_, candidate);
  const bool simulates = known_.size() > 1;
  cosim::CostInput input;
  if (simulates) input = input_of(card_, graph_, weights);
  const std::vector<cosim::CostLayer> layers = std::move(input.layers);
  for (std::size_t l = 0; l < shapes_.size(); ++l) {
    cosim::CostReport report;
    if (simulates) {
      input.layers = {layers[l]};
      report = cosim::simulate_cost(input);
    }
    for (std::size_t k = 0; k < known_.size(); ++k)
      costs_[k].table[l][candidate] = known_[k] == MixtureCost::bytes
                                          ? bytes_of(weights, shapes_[l])
                                          : simulated(known_[k], report);
  }
}

/// Scales the table of a cost and sets what it may come to.
void MixtureCosts::set_target(std::size_t place, const nn::MixtureTarget* target) {
  const std::vector<nn::MixtureCandidate>& candidates = card_.search->candidates;
  std::size_t reference = card_.search->warm;
  if (target != nullptr && !target->of.empty())
    reference = static_cast<std::size_t>(
        std::ranges::find(candidates, target->of, &nn::MixtureCandidate::label) -
        candidates.begin());
  Known& cost = costs_[place];
  double sum = 0;
  for (const std::vector<double>& layer : cost.table) sum += layer[reference];
  double whole = sum;
  if (known_[place] != MixtureCost::bytes) {
    whole = of_whole(uniform(card_, reference))[place];
    for (std::vector<double>& layer : cost.table)
      for (double& value : layer) value *= whole / sum;
  }
  if (target == nullptr) return;
  cost.target = target->at_most * (target->of.empty() ? 1 : whole);
  require_within_reach(place);
}

void MixtureCosts::require_within_reach(std::size_t place) const {
  double least = 0;
  for (std::size_t l = 0; l < shapes_.size(); ++l) {
    double cheapest = costs_[place].table[l][serving_[l].front()];
    for (const std::size_t c : serving_[l])
      cheapest = std::min(cheapest, costs_[place].table[l][c]);
    least += cheapest;
  }
  require(least <= costs_[place].target,
          "search.targets: {} of at most {} cannot be met (the cheapest candidate of every layer "
          "comes to {}; give at least that, or a cheaper candidate)",
          nn::name_of(known_[place]), cost_text(known_[place], costs_[place].target),
          cost_text(known_[place], least));
}

std::size_t MixtureCosts::place_of(MixtureCost cost) const {
  return static_cast<std::size_t>(std::ranges::find(known_, cost) - known_.begin());
}

std::vector<nn::CostTable> MixtureCosts::targets() const {
  std::vector<nn::CostTable> tables;
  for (const nn::MixtureTarget& target : card_.search->targets) {
    const Known& cost = costs_[place_of(target.cost)];
    nn::CostTable table{.name = nn::name_of(target.cost), .layers = {}, .target = cost.target};
    for (std::size_t l = 0; l < shapes_.size(); ++l) {
      std::vector<double>& layer = table.layers.emplace_back();
      for (const std::size_t c : serving_[l]) layer.push_back(cost.table[l][c]);
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<double> MixtureCosts::by_table(const LayerNumbers& chosen) const {
  std::vector<double> sums;
  for (const Known& cost : costs_) {
    double sum = 0;
    for (std::size_t l = 0; l < chosen.size(); ++l) sum += cost.table[l][chosen[l]];
    sums.push_back(sum);
  }
  return sums;
}

std::vector<double> MixtureCosts::of_whole(const nn::SourceCard& weights) const {
  std::vector<double> values(1);
  for (const nn::LayerShape& shape : shapes_) values[0] += bytes_of(weights, shape);
  if (known_.size() == 1) return values;
  const cosim::CostReport report = cosim::simulate_cost(input_of(card_, graph_, weights));
  for (std::size_t k = 1; k < known_.size(); ++k) values.push_back(simulated(known_[k], report));
  return values;
}

bool MixtureCosts::meets_targets(const LayerNumbers& chosen) const {
  const std::vector<double> sums = by_table(chosen);
  for (std::size_t k = 0; k < costs_.size(); ++k)
    if (costs_[k].target > 0 && sums[k] > costs_[k].target) return false;
  return true;
}

nn::SourceCard weights_of_choice(const Experiment& card, const std::vector<nn::LayerShape>& layers,
                                 const LayerNumbers& chosen) {
  nn::SourceCard weights = card.network.weights;
  weights.layers.clear();
  for (std::size_t l = 0; l < layers.size(); ++l)
    weights.layers.push_back(
        {.layer = layers[l].name, .card = card.search->candidates[chosen[l]].weights});
  return weights;
}

std::string cost_text(nn::MixtureCost cost, double value) {
  if (cost == MixtureCost::bytes) return fmt::format("{:.0f} bytes", value);
  return with_prefix(value, nn::unit_of(cost));
}

}  // namespace lightloom::experiments
