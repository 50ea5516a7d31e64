#include "experiments/studies/search/mixture_controls.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "nn/search/layer_harm.hpp"

namespace lightloom::experiments {
namespace {

/// Share of the first target that a choice spends by the table.
double share_of_target(const nn::CostTable& table, const std::vector<LayerNumbers>& serving,
                       const LayerNumbers& chosen) {
  double sum = 0;
  for (std::size_t l = 0; l < chosen.size(); ++l) {
    const auto place = std::ranges::find(serving[l], chosen[l]) - serving[l].begin();
    sum += table.layers[l][static_cast<std::size_t>(place)];
  }
  return sum / table.target;
}

double squared_error(const nn::SourceCard& weights, nn::WeightLayer& layer) {
  const std::vector<float> dense = nn::dense_weight(layer);
  std::vector<float> made(dense.size());
  const auto source = nn::make_source(weights, layer.shape);
  source->encode(dense);
  source->materialise(made);
  double sum = 0;
  for (std::size_t i = 0; i < dense.size(); ++i)
    sum += (double{made[i]} - dense[i]) * (double{made[i]} - dense[i]);
  return sum;
}

}  // namespace

std::vector<LayerNumbers> random_choices(const Experiment& card, const MixtureCosts& costs,
                                         std::size_t count) {
  constexpr std::uint64_t draws = 1000;
  constexpr double well_spent = 0.9;
  const std::vector<LayerNumbers>& serving = costs.serving();
  const nn::CostTable first = costs.targets().front();
  struct Drawn {
    LayerNumbers chosen;
    double share;
  };
  std::vector<Drawn> fitting;
  const Stream stream({.seed = card.seed, .purpose = Purpose::random_networks});
  for (std::uint64_t d = 0; d < draws; ++d) {
    LayerNumbers chosen;
    for (std::size_t l = 0; l < serving.size(); ++l)
      chosen.push_back(serving[l][stream.below(serving[l].size(), l, d)]);
    if (!costs.meets_targets(chosen)) continue;
    const double share = std::min(well_spent, share_of_target(first, serving, chosen));
    fitting.push_back({std::move(chosen), share});
  }
  std::ranges::stable_sort(fitting, std::greater{}, &Drawn::share);
  std::vector<LayerNumbers> chosen;
  for (Drawn& one : fitting)
    if (chosen.size() < count && std::ranges::find(chosen, one.chosen) == chosen.end())
      chosen.push_back(std::move(one.chosen));
  return chosen;
}

LayerNumbers least_harm_choice(const Experiment& card, const MixtureCosts& costs,
                               nn::Network& trained) {
  constexpr std::int64_t units = 100'000;  // that the target is counted in; costs are rounded up
  const nn::CostTable first = costs.targets().front();
  const nn::LayerHarm harm = nn::trained_harm(trained);
  std::vector<nn::LayerChoices> layers;
  for (std::size_t l = 0; l < costs.serving().size(); ++l) {
    nn::LayerChoices choices{.layer = costs.layers()[l].name, .choices = {}};
    for (std::size_t place = 0; place < costs.serving()[l].size(); ++place) {
      const std::size_t c = costs.serving()[l][place];
      const nn::SourceCard& weights = card.search->candidates[c].weights;
      const double error = squared_error(weights, trained.weight_layers()[l]);
      const double share = first.layers[l][place] / first.target;
      choices.choices.push_back(
          {.card = weights,
           .cost = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(units))),
           .error = harm.sensitivities[l] * std::pow(error, harm.rule.power),
           .setting = static_cast<int>(c)});
    }
    layers.push_back(std::move(choices));
  }
  const nn::SearchResult found = nn::search_choices(layers, units);
  LayerNumbers chosen;
  for (std::size_t l = 0; l < found.chosen.size(); ++l)
    chosen.push_back(static_cast<std::size_t>(layers[l].choices[found.chosen[l]].setting));
  return chosen;
}

}  // namespace lightloom::experiments
