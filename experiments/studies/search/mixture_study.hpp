#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/studies/search/mixture_costs.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/mixture/mixture_search.hpp"

namespace lightloom::experiments {

/// A network with a candidate in every layer, trained and simulated whole.
struct MixtureNetwork {
  std::string name;                  // "searched", "uniform int4", "random", "greedy"
  LayerNumbers chosen;               // by layer
  int epochs = 0;                    // of training, what a search spent on finding it included
  std::vector<double> table, whole;  // by known cost; whole bytes are those its sources store
  double validation_accuracy = 0, accuracy = 0;
};

/// A differentiable search and what it is compared with.
struct MixtureStudy {
  std::vector<std::string> candidates, layers;
  std::vector<LayerNumbers> serving;
  std::vector<nn::MixtureCost> costs;
  std::vector<nn::CostTable> targets;
  nn::MixtureResult search;
  std::vector<MixtureNetwork> networks;  // the one that was searched first
  double float_accuracy = 0;
  std::vector<std::string> chose;         // what test images chose, a phrase each
  std::unique_ptr<nn::Network> searched;  // fine-tuned
  Tree card;                              // the experiment with the sources found, to run
};

/// Throws `Error` for a card whose search cannot be: no section `search`, a network that tells no
/// classes, no images set aside, chips or bit errors in its training.
void check_mixture(const Experiment& card);

/// Searches by the card's section `search`, fine-tunes what was found by its section `train`, and
/// trains the controls that it asks for as long from the float network. A training that is
/// cancelled throws `Failure`.
MixtureStudy study_mixture(const Experiment& card, Workbench& workbench, ProgressSink& progress);

}  // namespace lightloom::experiments
