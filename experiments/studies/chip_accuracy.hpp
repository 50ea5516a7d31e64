#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cosim/analog/analog_engine.hpp"
#include "cosim/generator/optical_weights.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "nn/inference/inference.hpp"

namespace lightloom::experiments {

/// One chip as a matrix engine: its tensor core, and the photonic generator before it where the
/// card has one.
class Chip {
 public:
  Chip(const photonic::TensorCore& core, nn::Network& network, const Experiment& card,
       std::uint32_t number);
  Chip(const Chip&) = delete;
  Chip& operator=(const Chip&) = delete;

  [[nodiscard]] nn::MatrixEngine& engine();
  /// Lets the converters find their ranges on the first training images (test images where there
  /// are no others). `inference` runs the network through `engine()`.
  void calibrate(nn::Inference& inference, const nn::Dataset& data, int images);

  [[nodiscard]] const cosim::AnalogCounts& counts() const { return analog_.counts(); }
  /// By weight layer; empty without a photonic generator, not a number for layers it does not make.
  [[nodiscard]] std::vector<double> effective_bits() const;

 private:
  cosim::AnalogEngine analog_;
  std::optional<cosim::OpticalWeights> optical_;
};

/// One chip on the whole test set.
struct ChipResult {
  double accuracy = 0;
  cosim::AnalogCounts counts;
  std::vector<double> effective_bits;  // see Chip
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
