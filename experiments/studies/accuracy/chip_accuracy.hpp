#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "cosim/analog/chip.hpp"
#include "experiments/statistics/outcomes.hpp"
#include "experiments/statistics/stopping.hpp"

namespace lightloom::experiments {

/// One chip on the whole test set.
struct ChipResult {
  double accuracy = 0;
  Outcomes outcomes;                // by test image
  std::optional<Outcomes> retaken;  // the same with statistics taken on this chip, see ChipRun
  cosim::AnalogCounts counts;
  std::vector<double> effective_bits;  // see cosim::Chip
};

/// Which chips to evaluate.
struct ChipRun {
  const photonic::TensorCore& core;
  const cosim::GeneratorCard& generator;
  std::uint64_t seed = 0;
  int chips = 1;
  int images = 64;            // training images that set the ranges of each chip's converters
  int statistics_images = 0;  // training images whose activations on the chip give batch
                              // normalisation its statistics, beside those it came with; 0: none
  int first = 0;              // number of the first chip
  std::optional<StoppingRule> until = {};  // fewer chips where these are enough
};

/// Calls `measure` for every chip of a run in order, with an inference through it and its
/// converters calibrated; what it returns is shown as progress. Throws `Failure` once the sink is
/// cancelled.
using ChipMeasure = std::function<std::string(nn::Inference& inference, cosim::Chip& chip)>;
struct ChipMeasurement {
  ChipMeasure measure;
  ProgressSink& sink;
  std::function<bool()> enough = nullptr;  // asked after every chip
};
void for_each_chip(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                   const ChipMeasurement& measurement);

/// A chip of a run with the network on it: loaded, its converters calibrated, the images of `set`
/// classified.
ChipResult evaluate_chip(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                         const nn::ImageSet& set);

/// Every chip: the network's weights realised on that chip, its converters calibrated, the test set
/// classified. A pure function of the network, the data and the run; chips do not depend on one
/// another. Throws `Failure` once the sink is cancelled.
std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const ChipRun& run, ProgressSink& sink);

}  // namespace lightloom::experiments
