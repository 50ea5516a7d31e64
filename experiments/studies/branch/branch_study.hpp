#pragma once

#include <optional>
#include <string>

#include "core/files/labelled.hpp"
#include "cosim/training/step_memory.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/workbench.hpp"
#include "nn/reversible/branch_training.hpp"

namespace lightloom::experiments {

/// What a training step of the branch keeps, on a card with a section `training_step`.
struct BranchMemory {
  cosim::StepMemory kept, recomputed;
};

/// A reversible branch trained beside the card's float network, which stays as it is.
struct BranchStudy {
  nn::BranchCard card;
  nn::BranchShape shape;
  nn::BranchResult result;
  double backbone_accuracy = 0;  // of the frozen network by itself, on the same test images
  std::optional<BranchMemory> memory;
  Labelled weights;  // of the branch
};

/// Throws `Error` for a card without a section `branch`, or whose data are no classes.
BranchStudy study_branch(const Experiment& card, Workbench& workbench, ProgressSink& progress);

Json branch_json(const BranchStudy& study);
std::string branch_text(const BranchStudy& study);

}  // namespace lightloom::experiments
