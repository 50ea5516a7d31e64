#include "experiments/studies/validation/network_quantities.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.hpp"
#include "experiments/studies/accuracy/accuracy_result.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/costs/layer_list.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

/// The card's network, or the product in its place, under every source of the card.
SourceLayers asked_layers(const NetworkCard& network, const std::string& product) {
  if (product.empty())
    return source_layers(nn::build_graph(network.model, nn::shape_of(network.dataset)), network);
  SourceLayers layers;
  for (const nn::SourceCard& weights : sources(network))
    layers.push_back(listed_layers({gemm_layer(product)}, weights));
  return layers;
}

CostStudy asked_cost(const Experiment& card, const std::string& product) {
  return study_cost(card.network, card.hardware, asked_layers(card.network, product));
}

/// The hardware with the card's own source only.
Experiment without_baselines(Experiment card) {
  card.network.baselines.clear();
  return card;
}

/// One batch of a stream, whatever stays in the weight buffer staying there.
cosim::CostReport steady_batch(const Experiment& card, const QuantityOptions& options) {
  return asked_cost(without_baselines(card), options.product).steady.front();
}

AccuracyResult accuracy_of(Experiment card) {
  card.network.baselines.clear();
  card.measures = {.accuracy = true, .cost = false, .baselines = false};
  Workbench workbench;
  const RunResult result = run_experiment(card, workbench);
  require(result.accuracy.has_value(), "the card's network tells no classes, so has no accuracy");
  return *result.accuracy;
}

/// With statistics of batch normalisation taken on each chip where the card asks for them.
double on_chips(const AccuracyResult& accuracy) {
  require(!accuracy.chips.empty(), "the card has no chips (chips: 0)");
  return accuracy.own.retaken.empty() ? accuracy.over_chips.mean : accuracy.over_retaken.mean;
}

}  // namespace

double time_us(const Experiment& card, const QuantityOptions& options) {
  return steady_batch(card, options).time_ns * 1e-3;
}

double energy_uJ(const Experiment& card, const QuantityOptions& options) {
  return steady_batch(card, options).energy_J() * 1e6;
}

double loading_percent(const Experiment& card, const QuantityOptions& options) {
  using cosim::Stage;
  const cosim::CostReport report = steady_batch(card, options);
  double loading = 0;
  for (const cosim::LayerCost& layer : report.layers)
    for (const Stage stage :
         {Stage::fetch_weights, Stage::generate, Stage::decompose, Stage::program})
      loading += layer.critical_ns[stage];
  return 100 * loading / report.time_ns;
}

double speedup(const Experiment& card, const QuantityOptions& options) {
  const CostStudy study = asked_cost(card, "");
  const auto at = std::find(study.labels.begin() + 1, study.labels.end(), options.baseline);
  require(at != study.labels.end(), "no baseline of the card is called '{}' (there are {})",
          options.baseline, fmt::join(study.labels.begin() + 1, study.labels.end(), ", "));
  return study.steady_speedup(static_cast<std::size_t>(at - study.labels.begin()));
}

double parameters_saved_percent(const Experiment& card, const QuantityOptions& /*options*/) {
  const nn::Graph graph = nn::build_graph(card.network.model, nn::shape_of(card.network.dataset));
  return 100 * (1 - nn::ratio_of(nn::network_shape(graph), card.network.weights).parameter_ratio);
}

double accuracy_percent(const Experiment& card, const QuantityOptions& /*options*/) {
  return 100 * on_chips(accuracy_of(card));
}

double digital_accuracy_percent(const Experiment& card, const QuantityOptions& /*options*/) {
  Experiment digital = card;
  digital.chips = 0;
  return 100 * accuracy_of(std::move(digital)).source;
}

double accuracy_lost_percent(const Experiment& card, const QuantityOptions& /*options*/) {
  const AccuracyResult accuracy = accuracy_of(card);
  return 100 * (accuracy.source - on_chips(accuracy));
}

}  // namespace lightloom::experiments
