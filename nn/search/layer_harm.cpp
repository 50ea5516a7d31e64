#include "nn/search/layer_harm.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/weights/direct/integer_source.hpp"

namespace lightloom::nn {
namespace {

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return sum;
}

double squared_norm(std::span<const float> a) {
  return squared_distance(a, std::vector<float>(a.size()));
}

/// What a source makes of a weight.
std::vector<float> through(const SourceCard& card, const LayerShape& shape,
                           std::span<const float> dense) {
  const auto source = make_source(card, shape);
  source->encode(dense);
  std::vector<float> weight(dense.size());
  source->materialise(weight);
  return weight;
}

/// How `loss` rises above `clean` per squared error that `probe` makes of one layer.
double sensitivity(WeightLayer& layer, const SourceCard& probe, const std::function<double()>& loss,
                   double clean) {
  const std::vector<float> dense = dense_weight(layer);
  std::vector<float> moved = through(probe, layer.shape, dense);
  const double norm = squared_norm(dense);
  double distance = squared_distance(dense, moved);
  if (distance <= 1e-6 * norm) {
    moved = through({.source = integer_kind, .bits = 3}, layer.shape, dense);
    distance = squared_distance(dense, moved);
  }
  layer.source->encode(moved);
  const double rise = loss() - clean;
  layer.source->encode(dense);
  return distance > 0 ? rise / distance : 0.0;
}

/// Adds a layer's choice of every setting to the uniform cards; the base where there is none.
void add_uniform(const LayerChoices& layer, std::vector<UniformChoice>& uniform) {
  for (std::size_t setting = 0; setting < uniform.size(); ++setting) {
    const auto found = std::find_if(
        layer.choices.begin(), layer.choices.end(),
        [&](const Choice& choice) { return choice.setting == static_cast<int>(setting); });
    const Choice& choice = found == layer.choices.end() ? layer.choices.front() : *found;
    uniform[setting].cost += choice.cost;
    uniform[setting].error += choice.error;
  }
}

}  // namespace

MemoryBudget::MemoryBudget(const NetworkShape& shape)
    : dense_(ratio_of(shape, {}).dense_memory_bits) {
  std::int64_t words = shape.norm_parameters;
  for (const LayerShape& layer : shape.layers) words += layer.bias ? layer.out_channels : 0;
  fixed_ = 32 * words;
}

std::int64_t MemoryBudget::bits_at(double ratio) const {
  return static_cast<std::int64_t>(ratio * static_cast<double>(dense_) + 1e-3) - fixed_;
}

double MemoryBudget::ratio_with(std::int64_t bits) const {
  return static_cast<double>(bits + fixed_) / static_cast<double>(dense_);
}

std::int64_t NetworkChoices::least_cost() const {
  std::int64_t least = 0;
  for (const LayerChoices& layer : layers) {
    const auto cheapest =
        std::min_element(layer.choices.begin(), layer.choices.end(),
                         [](const Choice& a, const Choice& b) { return a.cost < b.cost; });
    least += cheapest->cost;
  }
  return least;
}

const UniformChoice* NetworkChoices::best_uniform(std::int64_t limit) const {
  const UniformChoice* best = nullptr;
  for (const UniformChoice& one : uniform)
    if (one.cost <= limit && (best == nullptr || one.error < best->error)) best = &one;
  return best;
}

std::vector<double> layer_sensitivities(Network& network, const SourceCard& probe,
                                        const CalibrationLoss& loss) {
  const double clean = loss(network);
  std::vector<double> all;
  for (WeightLayer& layer : network.weight_layers())
    all.push_back(sensitivity(
        layer, probe, [&] { return loss(network); }, clean));
  const double largest = all.empty() ? 0.0 : *std::max_element(all.begin(), all.end());
  for (double& one : all) one = std::max(one, 1e-3 * largest);
  return all;
}

LayerHarm relative_harm(Network& network) {
  LayerHarm harm;
  for (WeightLayer& layer : network.weight_layers()) {
    const double norm = squared_norm(dense_weight(layer));
    harm.sensitivities.push_back(norm > 0 ? 1 / norm : 0.0);
  }
  return harm;
}

LayerHarm trained_harm(Network& network) {
  LayerHarm harm = relative_harm(network);
  harm.rule = {.power = 2, .rounding = 2};
  for (std::size_t l = 0; l < harm.sensitivities.size(); ++l) {
    const auto size = static_cast<double>(network.weight_layers()[l].shape.weights());
    harm.sensitivities[l] *= std::pow(size, 0.25) * harm.sensitivities[l];
  }
  return harm;
}

NetworkChoices network_choices(Network& network, const SourceCard& base, const SearchGrid& grid,
                               const ChoiceRules& rules) {
  const LayerHarm& harm = rules.harm;
  require(harm.sensitivities.size() == network.weight_layers().size(),
          "the search has {} sensitivities for {} weight layers", harm.sensitivities.size(),
          network.weight_layers().size());
  NetworkChoices choices;
  for (SourceCard& card : grid_cards(base, grid)) choices.uniform.push_back({std::move(card)});
  for (std::size_t l = 0; l < harm.sensitivities.size(); ++l) {
    WeightLayer& layer = network.weight_layers()[l];
    LayerChoices all =
        all_choices({layer.shape, dense_weight(layer), harm.sensitivities[l], harm.rule}, base,
                    grid, rules.cost);
    add_uniform(all, choices.uniform);
    drop_dominated(all.choices);
    choices.layers.push_back(std::move(all));
  }
  return choices;
}

}  // namespace lightloom::nn
