#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "cosim/analog/chip.hpp"
#include "experiments/statistics/outcomes.hpp"

namespace lightloom::experiments {

/// One chip on the whole test set.
struct ChipResult {
  double accuracy = 0;
  Outcomes outcomes;  // by test image
  cosim::AnalogCounts counts;
  std::vector<double> effective_bits;  // see cosim::Chip
};

/// Which chips to evaluate.
struct ChipRun {
  const photonic::TensorCore& core;
  const cosim::GeneratorCard& generator;
  std::uint64_t seed = 0;
  int chips = 1;
  int images = 64;  // training images that set the ranges of each chip's converters
};

/// Calls `measure` for every chip of a run in order, with an inference through it and its
/// converters calibrated; what it returns is shown as progress. Throws `Failure` once the sink is
/// cancelled.
using ChipMeasure = std::function<std::string(nn::Inference& inference, cosim::Chip& chip)>;
struct ChipMeasurement {
  ChipMeasure measure;
  ProgressSink& sink;
};
void for_each_chip(nn::Network& network, const nn::Dataset& data, const ChipRun& run,
                   const ChipMeasurement& measurement);

/// Every chip: the network's weights realised on that chip, its converters calibrated, the test set
/// classified. A pure function of the network, the data and the run; chips do not depend on one
/// another. Throws `Failure` once the sink is cancelled.
std::vector<ChipResult> evaluate_chips(nn::Network& network, const nn::Dataset& data,
                                       const ChipRun& run, ProgressSink& sink);

}  // namespace lightloom::experiments
