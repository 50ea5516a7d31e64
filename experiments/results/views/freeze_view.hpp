#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/results/json.hpp"
#include "nn/accounting/freeze_ledger.hpp"
#include "nn/data/dataset.hpp"
#include "nn/network/network.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {

/// What `train.freeze` of a card came to.
struct FreezeStudy {
  int layers = 0, all_layers = 0;  // with weights: frozen, and of the network
  std::string last;                // of the frozen ones
  int epoch = 1;                   // the first, counted from 1, that trained the others alone
  int epochs = 0;                  // that did
  nn::MapShape latent;
  int bits = 32, views = 1;  // of the latents; 0 views: none were kept
  std::int64_t images = 0, image_bytes = 0, latent_bytes = 0;
  double error = 0;  // of the kept latents, root mean square over that of the latents
  nn::FreezeLedger ledger;
};

/// None where no epoch of the training had frozen layers.
std::optional<FreezeStudy> study_freeze(const Experiment& card, nn::Network& trained,
                                        const nn::TrainResult& history, const nn::ImageSet& images);

/// The object `freeze` of `train` and `run`.
Json freeze_json(const FreezeStudy& study);
/// Numbers without axes, all named freeze_...
void add_freeze(Labelled& data, const FreezeStudy& study);
/// A table and the sentences around it.
std::string freeze_text(const FreezeStudy& study);

}  // namespace lightloom::experiments
