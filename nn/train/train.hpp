#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "core/progress.hpp"
#include "nn/data/batch.hpp"
#include "nn/data/dataset.hpp"
#include "nn/freeze/freeze_card.hpp"
#include "nn/graph/matrix_engine.hpp"
#include "nn/network/network.hpp"
#include "nn/network/weight_decay.hpp"
#include "nn/ops/loss.hpp"
#include "nn/ops/precision.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/train/learning_rate.hpp"
#include "nn/train/weight_average.hpp"
#include "nn/weights/faults/bit_errors.hpp"

namespace lightloom::nn {

struct MeasuredPart;

/// The section `train` of a card.
struct TrainCard {
  int epochs = 5;
  int batch = 64;
  Precision precision = Precision::float32;  // of the products of a step and their gradients
  bool factored = false;  // layers whose weight is a product of two are trained as two layers
  RateSchedule schedule;
  OptimizerOptions optimizer;
  DecayRules decay;
  Augmentation augment;
  double label_smoothing = 0;  // share of the target spread evenly over the classes
  double average = 0;          // decay per step of the averaged weights that are kept (EMA); 0: off
  SwaCard swa;                 // or the mean over epochs
  int recalibrate = 0;   // training images, not augmented, that set the running statistics of batch
                         // normalisation after each epoch; 0: their running averages stay
  int patience = 0;      // stop after so many epochs without a better validation; 0: never
  bool distill = false;  // learn from the float network too
  DistillationOptions distillation;
  int teacher_views = 0;     // epochs go round so many views of every image, and what the float
                             // network says of each is found once; 0: new ones every epoch
  bool noise_aware = false;  // multiply through the analog engine while training
  int chips = 1;             // of noise-aware training, in turn: a network for all of them
  double weight_noise = 0;   // deviation of normal noise on every weight of a step, as a share of
                             // its layer's largest magnitude; gradients go straight through
  BitErrorCard bit_errors;   // a rate above zero: every step also learns from weights whose stored
                             // words have bit errors, drawn anew each step (RandBET)
  double curriculum = 0;     // errors join a step only while its loss without them is below 1.15
                             // times this and the mean with and without at most this; 0: always
  double clip = 0;  // everything trained is held within +-clip at every step, the scales of
                    // normalisations within 1 +- clip (RandBET); 0: off
  std::optional<FreezeCard> freeze = {};  // of the first layers, from an epoch on (SEER)
};

/// Keys: epochs, batch, precision (auto becomes what is quickest here), products, schedule, rate,
/// decay, milestones, warmup, augment {crop, flip, cutout}, label_smoothing, average, swa {start,
/// rate}, recalibrate, patience, distill, temperature, beta, teacher_views, noise_aware, chips,
/// weight_noise, bit_errors, curriculum, clip, freeze, those of OptimizerOptions (optimizer,
/// momentum, beta1, beta2, epsilon, weight_decay) and of DecayRules (decay_everything,
/// decay_rules).
void describe(Section& section, TrainCard& card);

/// What is trained by, and the seed of everything that a training draws.
struct SeededTraining {
  const TrainCard& card;
  std::uint64_t seed = 0;
};

/// What joins in besides the network and its data.
struct TrainHelpers {
  Network* teacher = nullptr;  // needed if card.distill
  std::vector<MatrixEngine*> engines =
      {};  // needed if card.noise_aware: step s multiplies through engine s mod their number
  const MeasuredPart* measured = nullptr;  // the training is of the rest of the network, digitally
  std::string checkpoint = {};  // written after each epoch; taken up if it exists; "": none
  std::string identity = {};  // what the training depends on, as text: kept in the checkpoint, and
                              // one with another text is refused
  ProgressSink* progress = &no_progress();  // told of the images trained with; may end it early
};

struct EpochRecord {
  double rate = 0;  // at its first step
  double loss = 0;  // mean over training images, as they came, with the sources' regularisers
  double train_accuracy = 0;       // share of right classes, or of the targets' variance that is
  double validation_accuracy = 0;  // explained (NumberErrors::explained) where numbers answer
};

/// What `TrainCard::freeze` came to.
struct FrozenRecord {
  int layers = 0;          // leading layers with weights that were frozen
  std::int64_t bytes = 0;  // of the latents that were kept
  double error = 0;        // of those, root mean square over that of the latents
};

struct TrainResult {
  std::vector<EpochRecord> epochs;
  int best_epoch = -1;  // whose parameters the network holds now; chosen on the validation images
  int resumed = 0;      // epochs that came from the checkpoint
  /// Per weight layer, stored words that its source changed by its own rule per step, on average;
  /// zeros for sources without such a rule.
  std::vector<double> own_changes;
  std::optional<FrozenRecord> frozen = {};  // none where no epoch was trained with frozen layers
};

/// Trains in place. The epoch with the best validation accuracy (the first of equals) is kept;
/// without validation images the last. Repeats to the bit for a given seed and thread count, also
/// when ended early and taken up from a checkpoint. Once the sink is cancelled it ends after the
/// step in hand; the epoch begun is lost, not the training.
TrainResult train(Network& network, const Dataset& data, const SeededTraining& training,
                  const TrainHelpers& helpers = {});

}  // namespace lightloom::nn
