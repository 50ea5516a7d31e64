#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "nn/data/dataset.hpp"
#include "nn/network/network.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::experiments {

/// One stage of fine-tuning in the loop.
struct LoopStage {
  int layers = 0;  // of the network that stand on the chip from now on, the first of them
  double before = 0, after = 0;  // share of validation images that are right, those layers measured
                                 // on the chip and the others digital, before and after training
                                 // the others; not a number without such images
  int kept_epoch = 0;            // whose weights are kept; 0: those before
};

/// What fine-tuning in the loop did.
struct LoopResult {
  int chip = 0;            // the chip that the weights belong to,
  std::uint64_t seed = 0;  // and its seed
  std::vector<LoopStage> stages;
  int resumed = 0;  // stages that came from the checkpoint
  // The whole network on that chip, with the weights before and after: shares that are right.
  double validation_before = 0, validation_after = 0;
  double test_before = 0, test_after = 0;
};

/// What joins in besides the network and its data.
struct LoopHelpers {
  const photonic::TensorCore& core;
  nn::Network* teacher = nullptr;  // needed if the card has `in_the_loop.distill`
  std::string checkpoint = {};     // written after each stage, taken up if it exists; `.stage`
                                   // behind: that of the training of a stage. "": none
  std::string identity = {};       // what all depends on, as text; a file with another is refused
  ProgressSink& progress = no_progress();
};

/// Chip-in-the-loop fine-tuning (Wan et al., Nature 608, 504 (2022)) of a trained network, in
/// place: at every stage the next layers are written to the chip, the chip measures what the
/// training images are behind them, and the layers that are not on the chip are trained on that by
/// `card.loop->training`. The validation images choose among the epochs of a stage and the weights
/// before it; the test images are only reported on. Ends with every layer as it was written, so
/// that the same chip written with the network (write 0) is that chip. Throws `Failure` once the
/// sink is cancelled; with a checkpoint the same call goes on, to the same bits.
LoopResult fine_tune_in_the_loop(nn::Network& network, const nn::Dataset& data,
                                 const Experiment& card, const LoopHelpers& helpers);

/// Throws `Error` when there is a file at `path` that is no state of this fine-tuning.
void require_own_loop_state(const std::string& path, const std::string& identity);

}  // namespace lightloom::experiments
