#pragma once

#include <cstddef>
#include <string>

#include "core/cards/tree.hpp"
#include "core/files/labelled.hpp"
#include "experiments/from_cards/cost_card.hpp"

namespace lightloom::experiments {

/// What `lightloom search` is asked.
struct SearchOptions {
  std::string budget;                   // "memory=<ratio>", "time=<seconds>", "energy=<joules>"
  std::string sensitivity = "trained";  // or "relative", "measured"
  std::size_t images = 512;             // to measure the layers' sensitivities with; at least 1
  std::size_t candidates = 0;           // uniform settings to train beside those found; 0: none
  bool fine_tune = false;               // train what was found and the best uniform setting
  std::string weights;  // of a section `search`: file of the weights found, "": none
};

/// Settings per layer of multi-level weights within a budget, or, of a card with a section
/// `search`, the candidates that its layers chose.
struct SearchedCard {
  /// Axes layer and found ("searched", "uniform", "equal"); sensitivity and setting by layer;
  /// expected_loss_rise, memory_ratio, time, energy and, with `fine_tune`, accuracy by what was
  /// found, not-a-number where there is none. With candidates, their own axis and `divergence`.
  /// Of a section `search`: what `lightloom search --results` writes
  /// (docs/models/weights/differentiable-search.md).
  Labelled data;
  Tree card;  // the experiment with the settings found, to run
};

/// Searches in memory, and writes `options.weights` alone. Throws `CardError` for what is wrong
/// with the card and `Error` for options that say nothing or contradict the card's section
/// `search`; `Failure` once a training was cancelled.
SearchedCard search_card(const CardCall& call, const SearchOptions& options);

}  // namespace lightloom::experiments
