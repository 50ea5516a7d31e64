#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/cards/tree.hpp"
#include "core/progress.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/from_cards/search_card.hpp"
#include "experiments/studies/search/search_candidates.hpp"

namespace lightloom::experiments {

/// Test accuracies after training, where they were asked for.
struct FoundAccuracies {
  std::optional<double> searched, uniform, equal;
};

/// Everything a search finds out.
struct SearchRun {
  SearchLimit limit;
  std::string kind;   // the rule that says what harms
  SearchStudy study;  // by that rule
  FoundAccuracies accuracies;
  std::vector<Candidate> candidates;  // trained ones; empty: none were asked for
  std::size_t best = 0;               // of them
  std::vector<std::string> chose;     // what test images chose, a phrase each
  Tree card;                          // of the whole experiment with the settings found
};

/// Throws `Error` for a network that tells no classes, weights that are not multilevel, and options
/// that say nothing. A training that is cancelled throws `Failure`.
void check_search(const Experiment& card, const SearchOptions& options);
SearchRun run_search(const Experiment& card, const SearchOptions& options, ProgressSink& progress);

}  // namespace lightloom::experiments
