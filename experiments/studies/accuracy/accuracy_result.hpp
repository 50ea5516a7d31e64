#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/statistics/accuracy_intervals.hpp"
#include "experiments/statistics/outcomes.hpp"
#include "experiments/statistics/paired.hpp"
#include "experiments/statistics/spread.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/accuracy/image_use.hpp"
#include "nn/train/train.hpp"
#include "nn/weights/faults/bit_errors.hpp"

namespace lightloom::experiments {

/// What one training made of the test images.
struct TrainingOutcomes {
  std::uint64_t seed = 0;
  std::optional<Outcomes> float_network;
  Outcomes source;                     // regenerated weights, digital
  std::vector<Outcomes> chips;         // by chip
  std::vector<Outcomes> retaken = {};  // the same with statistics taken on each; empty: not asked
};

/// A baseline's accuracy, trained as the card trains its own source.
struct BaselineOutcomes {
  std::string label;
  TrainingOutcomes outcomes;
};

/// Two accuracies on the same images.
struct Comparison {
  std::string key;  // "source_float", "faulty_source", "chips_source", "retaken_chips", "baseline"
  std::string first,
      second;             // what is compared: "regenerated", "float", "chips", a baseline's label
  bool on_chips = false;  // whether both are measured on chips
  Difference difference;
};

/// Accuracies on the whole test set.
struct AccuracyResult {
  std::optional<double> float_network;  // none when the weights came from a file and no teacher did
  double source = 0;                    // regenerated weights, digital
  std::optional<double> faulty;         // the same from stored words with the card's bit errors
  std::int64_t flipped_bits = 0;        // of those words
  nn::BitErrorCard bit_errors;          // that memory
  std::vector<ChipResult> chips;
  Spread over_chips{};
  Spread over_retaken{};  // with statistics of batch normalisation taken on each chip
  nn::TrainResult teacher_history, history;

  TrainingOutcomes own;  // of the card's seed
  std::optional<Outcomes> faulty_outcomes;
  std::vector<TrainingOutcomes> retrained;  // of the seeds after it
  std::vector<BaselineOutcomes> baselines;  // in the card's order, if they were measured
  SharedImages images;
  std::vector<std::string> images_chose;  // see what_images_chose

  // Over everything above; `chips` only where there are some.
  std::optional<AccuracyIntervals> float_intervals, chips_intervals;
  AccuracyIntervals source_intervals;
  std::vector<Comparison> comparisons;
};

/// Fills in intervals and comparisons. `own_label` names the card's weight source.
void add_statistics(AccuracyResult& result, const std::string& own_label);

}  // namespace lightloom::experiments
