#pragma once

#include <cstdint>
#include <vector>

#include "core/card.hpp"
#include "nn/data/dataset.hpp"
#include "nn/loss.hpp"
#include "nn/matrix_engine.hpp"
#include "nn/network.hpp"
#include "nn/optimizer.hpp"

namespace lightloom::nn {

enum class ScheduleKind { constant, cosine, exponential };

/// The section `train` of a card.
struct TrainCard {
  int epochs = 5;
  int batch = 64;
  double rate = 0.002;
  ScheduleKind schedule = ScheduleKind::cosine;
  double decay = 0.98;  // exponential: factor per epoch
  OptimizerOptions optimizer;
  bool distill = false;  // learn from the float network too
  DistillationOptions distillation;
  bool noise_aware = false;  // multiply through the analog engine while training
};

/// Keys: epochs, batch, rate, schedule, decay, distill, temperature, beta, noise_aware and those of
/// OptimizerOptions (optimizer, momentum, beta1, beta2, epsilon, weight_decay).
void describe(Section& section, TrainCard& card);

/// Learning rate at training step `step` of `steps_per_epoch` * card.epochs. Cosine falls to zero
/// over the whole training, step by step; exponential is constant within an epoch.
double rate_at(const TrainCard& card, std::int64_t step, std::int64_t steps_per_epoch);

/// What joins in besides the network and its data.
struct TrainHelpers {
  Network* teacher = nullptr;      // needed if card.distill
  MatrixEngine* engine = nullptr;  // needed if card.noise_aware
};

struct EpochRecord {
  double rate = 0;  // at its first step
  double loss = 0;  // mean over training images, as they came
  double train_accuracy = 0;
  double validation_accuracy = 0;
};

struct TrainResult {
  std::vector<EpochRecord> epochs;
  int best_epoch = -1;  // whose parameters the network holds now; chosen on the validation images
};

/// Trains in place. The epoch with the best validation accuracy (the first of equals) is kept;
/// without validation images the last. Repeats to the bit for a given seed and thread count. Stops
/// early, keeping the best so far, when the user interrupts.
TrainResult train(Network& network, const Dataset& data, const TrainCard& card, std::uint64_t seed,
                  const TrainHelpers& helpers = {});

}  // namespace lightloom::nn
