#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/progress.hpp"
#include "nn/data/prefetch.hpp"
#include "nn/freeze/frozen_part.hpp"
#include "nn/inference/inference.hpp"
#include "nn/inference/number_errors.hpp"
#include "nn/network/faulty_memory.hpp"
#include "nn/train/checkpoint.hpp"
#include "nn/train/teacher.hpp"
#include "nn/train/train.hpp"
#include "nn/train/training_pass.hpp"
#include "nn/train/weight_average.hpp"

namespace lightloom::nn {

/// What the network said of an epoch's images as they came.
struct Answers {
  std::int64_t correct = 0;  // classes
  NumberErrors errors;       // numbers
};

/// Everything one training needs from step to step. Refers to all it is given.
class Trainer {
 public:
  Trainer(Network& network, const Dataset& data, const SeededTraining& training,
          const TrainHelpers& helpers);

  /// One epoch, numbered from 0, or less once the sink is cancelled. Validation accuracy stays
  /// open.
  EpochRecord epoch(int number, Progress& progress);
  /// Validation accuracy of what would be kept, and those weights if they are better than `best`.
  double validate(double best, Weights& better);

  /// What is frozen by now.
  [[nodiscard]] std::optional<FrozenRecord> frozen() const;
  /// Stored words that each source changed by its own rule, per step.
  [[nodiscard]] std::vector<double> own_changes() const;

  void save(Checkpoint& state);
  void restore(const Checkpoint& state);

 private:
  [[nodiscard]] bool freezes(int epoch) const;
  void freeze();
  [[nodiscard]] ProductPlan products() const;
  [[nodiscard]] double rate(int epoch) const;
  [[nodiscard]] bool averages_epochs(int epoch) const;
  [[nodiscard]] int statistics_images() const;
  MatrixEngine* engine() const;
  double one_step(const Batch& batch, int epoch, Answers& answers);
  double forward_and_back(const Batch& batch, const TrainingPass::Place& place, Answers& answers);
  void learn_from_errors(const Batch& batch, const TrainingPass::Place& place, double clean);
  void clip();
  void enter_step(std::uint64_t step, int epoch);
  void take_own_steps(double rate);
  [[nodiscard]] AugmentationDraw draw(int epoch) const;
  [[nodiscard]] AugmentationDraw statistics_draw() const;
  void choose_numbers(std::size_t first, int epoch);
  double leave_step();
  void over_chips(const std::function<void(Inference&, const ImageRange&)>& body);
  double validation_accuracy();

  Network& network_;
  const Dataset& data_;
  const TrainCard& card_;
  ProgressSink& sink_;
  std::uint64_t seed_;
  std::vector<MatrixEngine*> engines_;  // empty: digital
  const MeasuredPart* measured_;        // null: the whole network is trained
  std::unique_ptr<FrozenPart> frozen_;  // null: or is not yet
  std::optional<GivenPart> given_;      // either of them
  std::vector<Parameter*> parameters_;
  Optimizer optimizer_;
  WeightAverage average_;
  std::optional<TrainingPass> pass_;
  std::optional<Teacher> teacher_;
  std::optional<FaultyMemory> memory_;
  std::vector<std::uint32_t> order_;
  std::span<const std::uint32_t> images_;  // of the batch in hand in the training set
  std::vector<std::uint32_t> numbers_;     // and in the given part
  std::vector<bool> trained_layers_;       // by weight layer
  std::vector<std::int64_t> changes_;      // by the sources' own rules, per layer
  std::int64_t step_ = 0, own_steps_ = 0;
  Tensor d_logits_;
};

}  // namespace lightloom::nn
