#pragma once

#include <cstdint>
#include <string>

#include "core/cards/card.hpp"

namespace lightloom::nn {

/// What a training keeps of every image once the first layers stay as they are.
enum class KeptLatents {
  latents,  // what those layers make of it (SEER, Chen et al., NeurIPS 2021)
  nothing,  // the image: the frozen layers compute every batch anew
};

/// Where it is kept.
enum class LatentPlace { memory, disk };

/// The section `train.freeze` of a card: from an epoch on the first layers are trained no more.
struct FreezeCard {
  int layers = 0;    // leading layers with weights that are frozen
  std::string last;  // or the last of them by name, with * for any text; of several the last one
  int epoch = 1;     // the first epoch, counted from 1, that trains the others alone
  KeptLatents keep = KeptLatents::latents;
  int bits = 32;  // of a kept number: 1 to 16, integers with a scale of each latent; 32: float32
  int views = 1;  // latents of every image: 1: of the image as it is; more: of so many changed ones
  LatentPlace place = LatentPlace::memory;
  std::int64_t capacity_MiB = 0;  // for the latents; 0: the memory there is, any room on disk
};

/// Keys: layers, last, epoch, keep, bits, views, place, capacity_MiB.
void describe(Section& section, FreezeCard& card);

}  // namespace lightloom::nn
