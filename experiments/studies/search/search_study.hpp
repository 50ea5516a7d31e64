#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/cards/experiment_card.hpp"
#include "nn/search/layer_harm.hpp"

namespace lightloom::experiments {

/// What a search may spend.
struct SearchLimit {
  enum class Kind { memory, time, energy };
  Kind kind = Kind::memory;
  double value = 0;  // memory ratio, seconds, joules
};
/// Reads "memory=0.02", "time=2e-6" (seconds) or "energy=5e-6" (joules). Throws `Error`.
SearchLimit read_limit(const std::string& text);
const char* name_of(SearchLimit::Kind kind);

/// What a search is after.
struct SearchGoal {
  SearchLimit limit;
  std::size_t uniforms = 1;  // how many settings for all layers alike
};

/// A card that a search found, or one to compare with, and what it is expected to be.
struct Found {
  nn::SourceCard card;
  double error = 0;  // expected harm, in the unit of the rule that counts it
  double memory_ratio = 0;
  std::optional<double> time_s, energy_J;  // of the full simulation, if the card's hardware can run
                                           // generated weights
};

struct SearchStudy {
  std::vector<std::string> layers;
  std::vector<double> sensitivities;
  Found searched;               // the best setting per layer
  std::vector<Found> uniforms;  // the best settings for all layers alike, least harm first
  Found equal;                  // the best setting per layer within what the first of them spends
  [[nodiscard]] bool has_uniform() const { return !uniforms.empty(); }
  [[nodiscard]] const Found& uniform() const { return uniforms.front(); }
};

/// Chooses settings per layer, and the best settings for all layers, within the goal's limit for
/// the network `trained` that suffers `harm`. Memory is the ratio that `ratio` reports. Time and
/// energy are of the full simulation: layers simulated by themselves choose, and their limit is
/// moved until the whole, whose layers overlap, just fits.
SearchStudy study_search(const Experiment& card, nn::Network& trained, const nn::LayerHarm& harm,
                         const SearchGoal& goal);

}  // namespace lightloom::experiments
