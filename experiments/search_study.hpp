#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/experiment_card.hpp"
#include "nn/weights/search_network.hpp"

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

/// A card that a search found, or one to compare with, and what it is expected to be.
struct Found {
  nn::SourceCard card;
  double error = 0;  // expected harm, in the unit of the sensitivities times squared weight
  double memory_ratio = 0;
  std::optional<double> time_s, energy_J;  // of the full simulation, if the card's hardware can run
                                           // generated weights
};

struct SearchStudy {
  std::vector<std::string> layers;
  std::vector<double> sensitivities;  // harm per unit of squared weight error
  Found searched, uniform;            // the best setting per layer, the best one for all layers
  Found equal;                        // the best setting per layer within what `uniform` spends
  bool has_uniform = false;           // whether any uniform setting fits
};

/// Chooses settings per layer within a limit for the network `trained` whose layers suffer
/// `sensitivities` times their squared weight error. Memory is the ratio that
/// `ratio` reports. Time and energy are of the full simulation: layers simulated by themselves
/// choose, and their limit is moved until the whole, whose layers overlap, just fits.
SearchStudy study_search(const Experiment& card, nn::Network& trained,
                         std::vector<double> sensitivities, const SearchLimit& limit);

}  // namespace lightloom::experiments
