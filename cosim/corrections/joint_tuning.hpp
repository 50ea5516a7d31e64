#pragma once

#include <cstdint>

#include "core/cards/card.hpp"
#include "core/progress.hpp"
#include "cosim/corrections/correcting_engine.hpp"
#include "nn/data/image_set.hpp"

namespace lightloom::cosim {

/// How all numbers of a corrector are trained at once.
struct TuningCard {
  int epochs = 1;
  int images = 2048;  // training images
  int batch = 64;
  double rate = 1e-3;  // of Adam, falling to nothing along a line
};
void describe(Section& section, TuningCard& card);

/// The images to train with and those to judge by, the first of their sets.
struct TuningImages {
  const nn::ImageSet& train;
  const nn::ImageSet& judge;
  std::uint64_t first_train = 0, first_judge = 0;  // their numbers, by which noise is drawn
  std::uint64_t seed = 0;                          // of their order
};

/// What is tuned, and how.
struct TuningSetting {
  const TuningCard& card;
  NetworkCorrector start;
  ProgressSink& sink = no_progress();
};

struct Tuning {
  NetworkCorrector corrector;  // the one that has the lower loss on the images that judge
  double loss_before = 0, loss_after = 0;  // on them
  bool kept = false;                       // whether the trained one is it
};

/// Trains a corrector through the measured forward pass: outputs are those of the chip, corrected;
/// gradients go on as if every corrected layer were its exact weights. The loss is that of a
/// student of the exact network (nn::DistillationOptions as they stand). Weights, normalisations
/// and the chip stay as they are. Throws `Failure` once the sink is cancelled.
Tuning tune(FrozenChip& chip, nn::Network& network, const TuningImages& images,
            const TuningSetting& setting);

}  // namespace lightloom::cosim
