#include "nn/search/knapsack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "nn/weights/multilevel/generators.hpp"
#include "nn/weights/source/one_thread.hpp"

namespace lightloom::nn {
namespace {

/// A Pareto-optimal assignment of the first layers.
struct State {
  std::int64_t cost = 0;
  double error = 0;
  std::uint32_t parent = 0, choice = 0;
};

/// Sorted by cost; keeps those with less error than everything cheaper.
void keep_pareto(std::vector<State>& states) {
  std::stable_sort(states.begin(), states.end(), [](const State& a, const State& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.error < b.error;
  });
  double least = std::numeric_limits<double>::infinity();
  std::erase_if(states, [&](const State& state) {
    if (state.error >= least) return true;
    least = state.error;
    return false;
  });
}

std::int64_t round_up(std::int64_t cost, std::int64_t resolution) {
  return (cost + resolution - 1) / resolution * resolution;
}

/// What the layers from each one on cost at least.
std::vector<std::int64_t> least_rest(std::span<const LayerChoices> layers,
                                     std::int64_t resolution) {
  std::vector<std::int64_t> rest(layers.size() + 1);
  for (std::size_t l = layers.size(); l-- > 0;) {
    const auto cheapest =
        std::min_element(layers[l].choices.begin(), layers[l].choices.end(),
                         [](const Choice& a, const Choice& b) { return a.cost < b.cost; });
    rest[l] = rest[l + 1] + round_up(cheapest->cost, resolution);
  }
  return rest;
}

std::vector<State> extend(std::span<const State> before, const LayerChoices& layer,
                          std::int64_t limit, std::int64_t resolution) {
  std::vector<State> after;
  for (std::uint32_t p = 0; p < before.size(); ++p)
    for (std::uint32_t c = 0; c < layer.choices.size(); ++c) {
      const std::int64_t cost = before[p].cost + round_up(layer.choices[c].cost, resolution);
      if (cost <= limit)
        after.push_back({.cost = cost,
                         .error = before[p].error + layer.choices[c].error,
                         .parent = p,
                         .choice = c});
    }
  keep_pareto(after);
  return after;
}

SourceCard with(const SourceCard& base, int intra, double share, const FactorBits& bits) {
  SourceCard card = base;
  card.layers.clear();
  card.source = multilevel_kind;
  auto& own = card.settings.of<MultilevelCard>();
  own.intra = intra;
  own.cross = 0;
  own.cross_share = share;
  own.bits = bits;
  return card;
}

/// What the settings of a layer have in common of their fits; nothing where none generates it.
std::optional<TwoLevelSvd> decomposition(const SearchLayer& layer,
                                         std::span<const SourceCard> settings) {
  for (const SourceCard& card : settings) {
    const auto source = make_source(card, layer.shape);
    if (auto* two_level = dynamic_cast<MultilevelSource*>(source.get()))
      return two_level->decompose(layer.dense);
  }
  return std::nullopt;
}

/// A layer, and its decomposition where the settings have one in common.
struct Judged {
  const SearchLayer& layer;
  const TwoLevelSvd* svd = nullptr;
};

/// Squared distance of a weight from what a source makes of it.
double squared_error(SourceCard card, const Judged& judged) {
  const std::vector<float>& dense = judged.layer.dense;
  card.settings.of<MultilevelCard>().projection.method = ProjectionCard::Method::svd;
  const auto source = make_source(card, judged.layer.shape);
  auto* two_level = dynamic_cast<MultilevelSource*>(source.get());
  if (judged.svd != nullptr && two_level != nullptr)
    two_level->encode(*judged.svd);
  else
    source->encode(dense);
  std::vector<float> weight(dense.size());
  source->materialise(weight);
  double sum = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const double miss = double{weight[i]} - dense[i];
    sum += miss * miss;
  }
  return sum;
}

/// The harm of what is lost, by the layer's rule.
double harm_of(const SourceCard& card, const Judged& judged) {
  const SearchLayer& layer = judged.layer;
  double error = squared_error(card, judged);
  if (layer.rule.rounding != 1) {
    SourceCard exact = card;
    exact.settings.of<MultilevelCard>().bits = {};
    const double rounded = std::max(0.0, error - squared_error(exact, judged));
    error += (layer.rule.rounding - 1) * rounded;
  }
  return layer.sensitivity * std::pow(error, layer.rule.power);
}

}  // namespace

SearchResult search_choices(std::span<const LayerChoices> layers, std::int64_t budget,
                            std::int64_t resolution) {
  require(resolution >= 1, "the resolution of a search is {} but must be at least 1", resolution);
  const std::vector<std::int64_t> rest = least_rest(layers, resolution);
  std::vector<std::vector<State>> stages{{State{}}};
  SearchResult result;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    stages.push_back(extend(stages.back(), layers[l], budget - rest[l + 1], resolution));
    result.states = std::max(result.states, stages.back().size());
  }
  if (stages.back().empty()) return result;
  // The Pareto front falls in error with rising cost: its last state is the best.
  auto at = static_cast<std::uint32_t>(stages.back().size() - 1);
  result.error = stages.back()[at].error;
  result.chosen.resize(layers.size());
  for (std::size_t l = layers.size(); l-- > 0;) {
    const State& state = stages[l + 1][at];
    result.chosen[l] = state.choice;
    result.cost += layers[l].choices[state.choice].cost;
    at = state.parent;
  }
  return result;
}

std::int64_t stored_bits(const LayerShape& shape, const SourceCard& card) {
  std::int64_t bits = 0;
  for (const StoredStream& stream : stored_streams(card, shape))
    if (stream.in_ratio) bits += stream.count * stream.bits;
  return bits;
}

std::vector<SourceCard> grid_cards(const SourceCard& base, const SearchGrid& grid) {
  std::vector<SourceCard> cards;
  for (const int intra : grid.intra)
    for (const double share : grid.cross_share)
      for (const FactorBits& bits : grid.bits) cards.push_back(with(base, intra, share, bits));
  return cards;
}

SearchGrid grid_within(std::span<const LayerShape> layers, const SourceCard& base,
                       std::int64_t bits) {
  SearchGrid grid;
  const SourceCard small = with(base, grid.intra.front(), grid.cross_share.front(), {4, 4, 4});
  std::int64_t least = 0;
  for (const LayerShape& layer : layers)
    least += stored_bits(layer, layer.kind == LayerShape::Kind::linear ? base : small);
  if (least > bits) {
    const std::vector<double> finer{0.03125, 0.046875, 0.0625, 0.09375, 0.125, 0.1875};
    grid.cross_share.insert(grid.cross_share.begin(), finer.begin(), finer.end());
  }
  return grid;
}

LayerChoices all_choices(const SearchLayer& layer, const SourceCard& base, const SearchGrid& grid,
                         const ChoiceCost& cost) {
  LayerChoices all{.layer = layer.shape.name};
  SourceCard own = card_for(base, layer.shape.name);
  own.layers.clear();
  all.choices.push_back(
      {.card = own, .cost = cost(layer.shape, own), .error = harm_of(own, {layer})});
  if (layer.shape.kind == LayerShape::Kind::linear) return all;
  const std::vector<SourceCard> cards = grid_cards(base, grid);
  const OneThread one_thread;
  const std::optional<TwoLevelSvd> svd = decomposition(layer, cards);
  const Judged judged{layer, svd ? &*svd : nullptr};
  std::vector<double> harms(cards.size());
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(cards.size()), [&](std::ptrdiff_t number) {
    const auto at = static_cast<std::size_t>(number);
    harms[at] = harm_of(cards[at], judged);
  });
  for (std::size_t setting = 0; setting < cards.size(); ++setting)
    all.choices.push_back({.card = cards[setting],
                           .cost = cost(layer.shape, cards[setting]),
                           .error = harms[setting],
                           .setting = static_cast<int>(setting)});
  return all;
}

void drop_dominated(std::vector<Choice>& choices) {
  std::stable_sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.error < b.error;
  });
  double least = std::numeric_limits<double>::infinity();
  std::erase_if(choices, [&](const Choice& choice) {
    if (choice.error >= least) return true;
    least = choice.error;
    return false;
  });
}

SourceCard chosen_card(const SourceCard& base, std::span<const LayerChoices> layers,
                       const SearchResult& result) {
  require(result.chosen.size() == layers.size(), "the search found nothing within its budget");
  SourceCard card = base;
  card.layers.clear();
  for (std::size_t l = 0; l < layers.size(); ++l)
    card.layers.push_back(
        {.layer = layers[l].layer, .card = layers[l].choices[result.chosen[l]].card});
  return card;
}

}  // namespace lightloom::nn
