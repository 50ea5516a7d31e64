#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/weights/source_card.hpp"

namespace lightloom::nn {

/// One way to store a layer.
struct Choice {
  SourceCard card;
  std::int64_t cost = 0;  // bits, nanoseconds, picojoules: whatever the budget counts
  double error = 0;       // expected harm, additive over layers
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

/// The settings (B_i, B_c, bits) to try in every layer: all combinations.
struct SearchGrid {
  std::vector<int> intra{1, 2, 3, 4};
  std::vector<double> cross_share{0.25, 0.5, 0.7, 0.9};
  std::vector<FactorBits> bits{{2, 2, 2}, {3, 3, 3}, {3, 6, 3}, {4, 4, 4}, {6, 6, 6}, {8, 8, 8}};
};

/// What a layer would cost in stored bits (as `ratio_of` counts) and how far its weight would move,
/// for every setting of the grid and for the base card itself: error = sensitivity * ||W -
/// W_source||^2, dominated choices left out. `dense` is the trained weight. Layers that no level
/// can take have the one choice of the base card.
LayerChoices layer_choices(const LayerShape& shape, std::span<const float> dense,
                           double sensitivity, const SourceCard& base, const SearchGrid& grid);

/// `base` with an override per layer for what was chosen.
SourceCard chosen_card(const SourceCard& base, std::span<const LayerChoices> layers,
                       const SearchResult& result);

}  // namespace lightloom::nn
