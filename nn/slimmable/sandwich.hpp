#pragma once

#include <vector>

#include "core/progress.hpp"
#include "nn/data/dataset.hpp"
#include "nn/slimmable/slimmable_network.hpp"
#include "nn/train/train.hpp"

namespace lightloom::nn {

/// With what a network of several widths is trained.
struct SlimTraining {
  const Dataset& data;
  const SlimCard& card;
  SeededTraining recipe;
  ProgressSink* progress = &no_progress();
};

/// Throws `Error` for what of a recipe does not go with widths that are trained together.
void check_slim_recipe(const TrainCard& recipe);

/// The numbers of the widths that a step trains, in order: the widest, some between drawn without
/// replacement, the narrowest. A pure function of (seed, step).
std::vector<std::size_t> sandwich(std::size_t widths, int random, std::uint64_t seed,
                                  std::uint64_t step);

/// Mean loss of an epoch: of the widest against the labels, of the narrowest against soft labels.
struct SandwichEpoch {
  double widest = 0, narrowest = 0;
};

/// Trains all widths together (DS-Net's stage 1): in every step the sandwich's gradients are added
/// up for one update; the widest learns from the labels, the others from the answers of an
/// exponential average of the widest. Leaves the weights of the last step; statistics are those of
/// the training, so `take_statistics` next. Throws `Failure` where it diverges or is cancelled.
std::vector<SandwichEpoch> train_sandwich(SlimmableNetwork& slim, const SlimTraining& training);

/// Sets every width's statistics of normalisations to the mean over the training images, changed as
/// in training.
void take_statistics(SlimmableNetwork& slim, const SlimTraining& training);

}  // namespace lightloom::nn
