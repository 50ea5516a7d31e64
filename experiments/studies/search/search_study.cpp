#include "experiments/studies/search/search_study.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::experiments {
namespace {

using Kind = SearchLimit::Kind;

constexpr int limit_moves = 6;             // of the layers' limit towards the whole's
constexpr double close_enough = 0.01;      // of the limit
constexpr double cost_unit = 1e-15;        // seconds or joules that a simulated cost counts in
constexpr std::int64_t cost_steps = 4000;  // resolution of simulated costs

/// The network's layers under some weights and no baseline, on the card's hardware.
cosim::CostInput whole_cost_input(const Experiment& card, const nn::Graph& graph,
                                  const nn::SourceCard& weights) {
  const SourceLayers layers{cosim::cost_layers(graph, card.network.dataset.normalise, weights)};
  return cost_inputs(layers, card.hardware).front();
}

double spent(const Found& found, Kind kind) {
  if (kind == Kind::memory) return found.memory_ratio;
  return kind == Kind::time ? *found.time_s : *found.energy_J;
}

/// Femtoseconds or femtojoules of one layer simulated by itself under a card.
nn::ChoiceCost simulated_cost(const Experiment& card, const nn::Graph& graph, Kind kind) {
  const cosim::CostInput whole = whole_cost_input(card, graph, card.network.weights);
  return [whole, kind](const nn::LayerShape& shape, const nn::SourceCard& weights) {
    cosim::CostInput one = whole;
    const auto source = nn::make_source(weights, shape);
    one.layers = {cosim::source_layer(shape, *source)};
    for (const cosim::CostLayer& layer : whole.layers) {
      if (layer.shape.name != shape.name) continue;
      one.layers[0].signed_inputs = layer.signed_inputs;
      if (layer.takes_work() && one.layers[0].takes_work()) one.layers[0].way = layer.way;
    }
    const cosim::CostReport report = cosim::simulate_cost(one);
    const double spent = kind == Kind::time ? report.time_s() : report.energy_J();
    return static_cast<std::int64_t>(std::llround(spent / cost_unit));
  };
}

/// The choices of a search and the rules to spend by.
struct Search {
  const Experiment& card;
  const nn::Graph& graph;
  nn::NetworkShape shape;
  nn::NetworkChoices choices;
  SearchLimit limit;
  std::int64_t resolution = 1;

  [[nodiscard]] nn::SearchResult within(std::int64_t costs) const {
    return nn::search_choices(choices.layers, costs, resolution);
  }
  [[nodiscard]] Found found(const nn::UniformChoice& one) const {
    return judged(one.card, one.error);
  }
  [[nodiscard]] Found found(const nn::SearchResult& result) const {
    return judged(nn::chosen_card(card.network.weights, choices.layers, result), result.error);
  }
  /// Memory ratio and full simulation of the network under some weights.
  [[nodiscard]] Found judged(const nn::SourceCard& weights, double error) const {
    Found found{.card = weights, .error = error};
    found.memory_ratio = nn::ratio_of(shape, weights).memory_ratio;
    if (!card.hardware.generator.present()) return found;
    const cosim::CostReport report = cosim::simulate_cost(whole_cost_input(card, graph, weights));
    found.time_s = report.time_s();
    found.energy_J = report.energy_J();
    return found;
  }
};

/// Moves the limit of the layers' summed costs until the whole just fits; nothing if it never does.
std::optional<Found> search_whole(const Search& search, std::int64_t& layers_limit) {
  std::optional<Found> best;
  for (int move = 0; move < limit_moves; ++move) {
    const nn::SearchResult result = search.within(layers_limit);
    if (result.chosen.empty()) break;
    const Found found = search.found(result);
    const double share = spent(found, search.limit.kind) / search.limit.value;
    if (share <= 1 && (!best || found.error < best->error)) best = found;
    if (share <= 1 && share > 1 - close_enough) break;
    layers_limit = static_cast<std::int64_t>(static_cast<double>(layers_limit) / share *
                                             (1 - close_enough / 2));
  }
  return best;
}

/// The best setting per layer that spends no more than a uniform one does, which is one of them.
Found search_like(Search search, const nn::UniformChoice& uniform, const Found& judged,
                  std::int64_t layers_limit) {
  if (search.limit.kind == Kind::memory) return search.found(search.within(uniform.cost));
  search.limit.value = spent(judged, search.limit.kind);
  const std::optional<Found> found = search_whole(search, layers_limit);
  return found && found->error < judged.error ? *found : judged;
}

/// The uniform settings with the least expected error whose whole fits, at most `count`.
std::vector<const nn::UniformChoice*> best_uniforms(const Search& search, std::int64_t limit,
                                                    std::size_t count) {
  std::vector<const nn::UniformChoice*> all, best;
  for (const nn::UniformChoice& one : search.choices.uniform) all.push_back(&one);
  std::ranges::stable_sort(all, {}, &nn::UniformChoice::error);
  for (const nn::UniformChoice* one : all) {
    if (best.size() == count) break;
    const bool fits = search.limit.kind == Kind::memory
                          ? one->cost <= limit
                          : spent(search.found(*one), search.limit.kind) <= search.limit.value;
    if (fits) best.push_back(one);
  }
  return best;
}

}  // namespace

const char* name_of(SearchLimit::Kind kind) {
  if (kind == Kind::memory) return "memory";
  return kind == Kind::time ? "time" : "energy";
}

SearchLimit read_limit(const std::string& text) {
  const std::size_t sign = text.find('=');
  const std::string name = text.substr(0, sign);
  const std::string number = sign == std::string::npos ? "" : text.substr(sign + 1);
  SearchLimit limit;
  bool known = false;
  for (const Kind kind : {Kind::memory, Kind::time, Kind::energy}) {
    if (name != name_of(kind)) continue;
    limit.kind = kind;
    known = true;
  }
  char* end = nullptr;
  limit.value = std::strtod(number.c_str(), &end);
  require(known && !number.empty() && *end == '\0' && std::isfinite(limit.value) && limit.value > 0,
          "--budget is '{}' (memory=<ratio>, time=<seconds> or energy=<joules>, above zero)", text);
  return limit;
}

SearchStudy study_search(const Experiment& card, nn::Network& trained, const nn::LayerHarm& harm,
                         const SearchGoal& goal) {
  const SearchLimit& limit = goal.limit;
  const nn::SourceCard& base = card.network.weights;
  SearchStudy study{.sensitivities = harm.sensitivities};
  const bool memory = limit.kind == Kind::memory;
  require(memory || card.hardware.generator.present(),
          "a {} budget needs hardware that generates weights (the card's generator is none)",
          name_of(limit.kind));
  const nn::ChoiceCost cost =
      memory ? nn::stored_bits : simulated_cost(card, trained.graph(), limit.kind);
  const nn::NetworkShape shape = trained.shape();
  const nn::SearchGrid grid =
      memory ? nn::grid_within(shape.layers, base, nn::MemoryBudget(shape).bits_at(limit.value))
             : nn::SearchGrid{};
  Search search{.card = card,
                .graph = trained.graph(),
                .shape = shape,
                .choices = nn::network_choices(trained, base, grid, {harm, cost}),
                .limit = limit};
  for (const nn::LayerChoices& layer : search.choices.layers) study.layers.push_back(layer.layer);

  std::int64_t layers_limit = 0;
  if (memory) {
    const nn::MemoryBudget budget(search.shape);
    layers_limit = budget.bits_at(limit.value);
    const nn::SearchResult result = search.within(layers_limit);
    require(!result.chosen.empty(),
            "no setting fits a memory ratio of {:g} (the smallest that the grid has is {:.4f})",
            limit.value, budget.ratio_with(search.choices.least_cost()));
    study.searched = search.found(result);
  } else {
    // Layers by themselves may take longer than the whole, in which they overlap.
    layers_limit = std::max(static_cast<std::int64_t>(limit.value / cost_unit),
                            search.choices.least_cost() / 50 * 51);
    search.resolution = std::max<std::int64_t>(1, layers_limit / cost_steps);
    const std::optional<Found> found = search_whole(search, layers_limit);
    require(found.has_value(),
            "no setting was found for a {} of {:g} (the cheapest layers take {:g})",
            name_of(limit.kind), limit.value,
            cost_unit * static_cast<double>(search.choices.least_cost()));
    study.searched = *found;
  }
  const auto uniform = best_uniforms(search, layers_limit, std::max<std::size_t>(1, goal.uniforms));
  for (const nn::UniformChoice* one : uniform) study.uniforms.push_back(search.found(*one));
  if (study.has_uniform())
    study.equal = search_like(search, *uniform.front(), study.uniform(), layers_limit);
  return study;
}

}  // namespace lightloom::experiments
