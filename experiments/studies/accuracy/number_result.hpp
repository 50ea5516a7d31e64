#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "cosim/analog/chip.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/accuracy/image_use.hpp"
#include "nn/inference/number_errors.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {

/// One chip on the whole test set.
struct ChipNumbers {
  nn::NumberErrors errors;
  cosim::AnalogCounts counts;
};

/// What one training made of the test set.
struct TrainingNumbers {
  std::string label;  // of a baseline; "": the card's own source
  std::uint64_t seed = 0;
  std::optional<nn::NumberErrors> float_network;
  nn::NumberErrors source;  // regenerated weights, digital
  std::vector<ChipNumbers> chips;
};

/// Errors of a regression or an autoencoder on the whole test set.
struct NumberResult {
  nn::Task task = nn::Task::regression;
  TrainingNumbers own;                     // of the card's seed
  std::optional<nn::NumberErrors> faulty;  // from stored words with the card's bit errors
  std::vector<TrainingNumbers> retrained;  // of the seeds after it
  std::vector<TrainingNumbers> baselines;  // in the card's order, if they were measured
  nn::TrainResult teacher_history, history;
  SharedImages images;
  std::vector<std::string> images_chose;
};

/// Every chip of a run on the whole test set, as `evaluate_chips` does with classes.
std::vector<ChipNumbers> evaluate_chip_numbers(nn::Network& network, const nn::Dataset& data,
                                               const ChipRun& run, ProgressSink& sink);

/// The object `errors` of a run.
Json numbers_json(const NumberResult& result);
/// mse and r2 of every network, by chip where there are chips.
void add_numbers(Labelled& data, const NumberResult& result);
/// A table.
std::string numbers_text(const NumberResult& result, const std::string& source);

}  // namespace lightloom::experiments
