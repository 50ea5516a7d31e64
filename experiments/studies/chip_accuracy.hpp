#pragma once

#include <vector>

#include "cosim/analog/chip.hpp"
#include "experiments/cards/experiment_card.hpp"

namespace lightloom::experiments {

/// One chip on the whole test set.
struct ChipResult {
  double accuracy = 0;
  cosim::AnalogCounts counts;
  std::vector<double> effective_bits;  // see cosim::Chip
};

/// Every chip of the experiment: the network's weights realised on that chip, its converters
/// calibrated, the test set classified. A pure function of the network, the data and the card;
/// chips do not depend on one another.
std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const Experiment& card);
/// The same on chips of a given core.
std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const Experiment& card, const photonic::TensorCore& core);

/// Mean over chips with the spread and the 95 % confidence interval of the mean (Student's t). Not
/// a number where there are too few chips to tell.
struct Spread {
  double mean, standard_deviation, low, high;
};
Spread spread_of(const std::vector<double>& values);

}  // namespace lightloom::experiments
