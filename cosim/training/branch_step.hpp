#pragma once

#include <span>

#include "cosim/training/layer_time.hpp"
#include "cosim/training/step_card.hpp"
#include "nn/reversible/branch_network.hpp"

namespace lightloom::cosim {

/// A branch beside a frozen network, whose weight layers are `backbone`, in order.
struct BranchBeside {
  const nn::BranchShape& branch;
  std::span<const nn::LayerShape> backbone;
};

/// A training step of the branch: the frozen network forward up to the last tap, then the branch
/// forward and backward. Pooled maps of the network are data: they lie in DRAM from when they are
/// made and are read from there, by the stem and by the connection of every block, forward,
/// recomputed and backward. What a block keeps for its backward pass is its input's second half,
/// its output's first half and the inside of both functions (`everything`), or nothing
/// (`last_pair`): its inputs then follow from its outputs, which takes its forward products once
/// more.
StepPlan branch_step(const StepCore& on, const BranchBeside& what, nn::BranchKeeps keeps,
                     const TrainingStepCard& card);

}  // namespace lightloom::cosim
