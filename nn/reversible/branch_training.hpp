#pragma once

#include <cstdint>
#include <vector>

#include "core/progress.hpp"
#include "nn/data/dataset.hpp"
#include "nn/reversible/backbone_taps.hpp"

namespace lightloom::nn {

struct BranchEpoch {
  double rate = 0, loss = 0;  // of the first step; mean over the images
  double train_accuracy = 0, validation_accuracy = 0;
};

/// A trained branch.
struct BranchResult {
  std::vector<BranchEpoch> epochs;
  int best_epoch = -1;       // whose weights it has: the first best on the validation images
  double test_accuracy = 0;  // of the branch beside the frozen network
  std::int64_t parameters = 0;
  std::int64_t kept_bytes = 0;    // of activations, for the largest batch
  std::int64_t pair_numbers = 0;  // of a batch's first pair,
  std::int64_t lost_numbers = 0;  // and how many of them the inverse did not bring back
};

/// What a branch is trained with.
struct BranchTraining {
  const Dataset& data;
  const BranchCard& card;
  std::uint64_t seed = 0;
  ProgressSink& progress;
};

/// Trains `branch`, and nothing else, on the taps of the frozen network; the images' order is that
/// of any training with this seed. The validation images choose among the epochs. Throws `Failure`
/// where the loss is no number, and once the sink is cancelled.
BranchResult train_branch(BranchNetwork& branch, BackboneTaps& backbone,
                          const BranchTraining& training);

/// Share of right classes.
double branch_accuracy(BranchNetwork& branch, BackboneTaps& backbone, const ImageSet& set,
                       int batch);

}  // namespace lightloom::nn
