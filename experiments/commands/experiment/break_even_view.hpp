#pragma once

#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "cosim/studies/break_even.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {

/// Where the card's source stops paying against one baseline.
struct BreakEvenAgainst {
  std::string label;
  cosim::BreakEven time, energy;
};

/// The same against all, one quantity turned over one range.
struct BreakEvenFound {
  std::string label;           // of the card's own source
  std::string quantity, unit;  // "1": a factor of what the card has
  cosim::BreakEvenRange range;
  std::vector<BreakEvenAgainst> baselines;

  [[nodiscard]] double card_value() const { return baselines.front().time.card_value; }
};

/// Turns the quantity of that name. Throws `Error` for a name that is none, and for a card without
/// a baseline.
BreakEvenFound find_break_even(const std::string& quantity, const Experiment& card,
                               const SourceLayers& layers);

/// Adds JSON under `breakeven` and a table.
void show_break_even(const BreakEvenFound& found, Shown& result);

/// Adds what a page draws: gains over (baseline, turned), and where they pass 1 over (baseline,
/// crossing), not-a-number behind the last.
void add_break_even(Labelled& data, const BreakEvenFound& found);

}  // namespace lightloom::experiments
