#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// One way to store a layer.
struct Choice {
  SourceCard card;
  std::int64_t cost = 0;  // bits, nanoseconds, picojoules: whatever the budget counts
  double error = 0;       // expected harm, additive over layers
  int setting = -1;       // number in the grid; -1: the base card
};

struct LayerChoices {
  std::string layer;
  std::vector<Choice> choices;  // not empty
};

struct SearchResult {
  std::vector<std::size_t>
      chosen;  // index of the choice per layer; empty when nothing fits the budget
  std::int64_t cost = 0;
  double error = 0;
  std::size_t states = 0;  // most Pareto-optimal partial assignments held at once
};

/// The assignment with the least summed error whose summed cost is at most `budget`: exact, by a
/// dynamic programme over layers that keeps only Pareto-optimal partial assignments (a
/// multiple-choice knapsack; Sinha and Zoltners 1979). With `resolution` > 1 costs are rounded up
/// to its multiples, which bounds the states by budget / resolution and still never exceeds the
/// budget. Equal errors: the cheaper wins, then the earlier choice.
SearchResult search_choices(std::span<const LayerChoices> layers, std::int64_t budget,
                            std::int64_t resolution = 1);

/// The settings (B_i, B_c, bits) to try in every layer: all combinations. A share of 1 generates
/// every kernel by itself (level 2 off).
struct SearchGrid {
  std::vector<int> intra{1, 2, 3, 4};
  std::vector<double> cross_share{0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
  std::vector<FactorBits> bits{{2, 2, 2}, {3, 3, 3}, {3, 6, 3}, {4, 3, 3},
                               {4, 4, 4}, {5, 5, 5}, {6, 6, 6}, {8, 8, 8}};
};

/// The grid, with shares of the channels below a quarter where a quarter of them at four bits would
/// take more than `bits` in all layers.
SearchGrid grid_within(std::span<const LayerShape> layers, const SourceCard& base,
                       std::int64_t bits);

/// What one way to store a layer costs.
using ChoiceCost = std::function<std::int64_t(const LayerShape& shape, const SourceCard& card)>;
/// The bits that `ratio_of` counts.
std::int64_t stored_bits(const LayerShape& shape, const SourceCard& card);

/// The grid's settings as cards for all layers, in a fixed order.
std::vector<SourceCard> grid_cards(const SourceCard& base, const SearchGrid& grid);

/// How squared weight errors harm: s (r + rounding (d - r))^power, with d the whole squared error,
/// r what remains of it without rounding, s the sensitivity of the layer.
struct HarmRule {
  double power = 1;
  double rounding = 1;
};

/// A layer to search for.
struct SearchLayer {
  LayerShape shape;
  std::vector<float> dense;  // its trained weight
  double sensitivity = 1;
  HarmRule rule;
};

/// What a layer would cost and how its error would harm, for the base card and every setting of the
/// grid: error by the layer's rule, with the source as the SVD starts it, whatever projection the
/// card trains from. A setting that generates nothing in a layer stores it dense. Linear layers
/// have the one choice of the base card.
LayerChoices all_choices(const SearchLayer& layer, const SourceCard& base, const SearchGrid& grid,
                         const ChoiceCost& cost = stored_bits);
/// Leaves out choices that cost no less and harm no less than another, and sorts by cost.
void drop_dominated(std::vector<Choice>& choices);

/// `base` with an override per layer for what was chosen.
SourceCard chosen_card(const SourceCard& base, std::span<const LayerChoices> layers,
                       const SearchResult& result);

}  // namespace lightloom::nn
