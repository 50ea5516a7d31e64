#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/studies/search/search_study.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

/// A card that a search considers, and what a training by the card's own recipe made of it.
struct Candidate {
  std::string name;
  Found found;
  Tree card;  // of the whole experiment
  /// Mean KL divergence of the float network's answers from the trained candidate's, in nats.
  double divergence = 0;
};

/// The best setting per layer by each of `harms`, then the best uniform settings of the first;
/// equal cards once.
std::vector<Candidate> candidates_of(const Tree& resolved, const std::vector<SearchStudy>& studies,
                                     const std::vector<std::string>& harms);

/// Trains every candidate and measures its divergence on the images that are set aside to choose by
/// (never the test set), or on the first training images when none are. Returns the number of the
/// closest to the float network. A divergence tells candidates apart that an accuracy on as many
/// images cannot.
std::size_t train_candidates(std::vector<Candidate>& candidates, Workbench& workbench);

/// Mean cross-entropy of a network on the first `images` that are set aside to choose by, or on
/// training images when none are. The data must outlive it.
nn::CalibrationLoss calibration_loss(const nn::Dataset& data, std::size_t images);
/// How much each layer's errors harm the network: "trained", "relative", or "measured" by `loss`.
nn::LayerHarm harm_by(const std::string& kind, const NetworkCard& card, nn::Network& trained,
                      const nn::CalibrationLoss& loss);
/// Test accuracy after the card's own training from the float network.
double trained_accuracy(const Tree& card, Workbench& workbench);

/// The experiment `resolved` with other weights, to write and to read again.
Tree card_with(const Tree& resolved, const nn::SourceCard& weights);
/// "(2, 0.7 Co; 3, 6, 3)", or the name of another source.
std::string setting_text(const nn::SourceCard& card);

}  // namespace lightloom::experiments
