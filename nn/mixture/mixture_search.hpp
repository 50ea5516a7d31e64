#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "nn/data/dataset.hpp"
#include "nn/mixture/cost_hinges.hpp"
#include "nn/network/network.hpp"
#include "nn/train/train.hpp"

namespace lightloom::nn {

/// What a search chooses among, and what it may spend.
struct MixturePlan {
  const MixtureCard& card;
  std::vector<std::vector<std::size_t>> serving;  // [layer]: numbers of the candidates it may have
  std::vector<CostTable> costs;                   // [layer][place among those]
};

/// With what a search is trained.
struct MixtureTraining {
  const Dataset& data;         // with validation images
  SeededTraining recipe;       // its epochs are the card's
  Network* teacher = nullptr;  // needed if the recipe distils
  ProgressSink* progress = &no_progress();
};

/// The end of one epoch of a search.
struct MixtureEpoch {
  double loss = 0;  // mean over the epoch, with the hinges
  double temperature = 1;
  std::vector<std::vector<float>> alphas;  // [layer][place]
  std::vector<double> strengths;           // of the epoch, by cost
  // Of what the shares without noise mix, and of the network of the largest shares alone.
  std::vector<double> mixed_costs, chosen_costs;
  double mixed_accuracy = 0, chosen_accuracy = 0;  // on the validation images
};

struct MixtureResult {
  double warm_loss = 0;             // of the last epoch of the warm-up
  std::vector<double> start_costs;  // of equal shares
  std::vector<double> strengths;    // in full, by cost
  std::vector<MixtureEpoch> epochs;
  std::vector<std::size_t> chosen;  // [layer]: number of the candidate
};

/// Trains `network`, whose sources hold dense weights, as mixtures of the candidates: a warm-up
/// with one, then weights and shares side by side (docs/models/weights/differentiable-search.md).
/// After it, the network has the master weights in dense sources. A cancelled sink ends it with a
/// `Failure`. Repeats to the bit for a seed and a thread count.
MixtureResult search_mixture(Network& network, const MixturePlan& plan,
                             const MixtureTraining& training);

}  // namespace lightloom::nn
