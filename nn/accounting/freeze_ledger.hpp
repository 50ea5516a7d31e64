#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nn/graph/graph.hpp"
#include "nn/graph/graph_cut.hpp"

namespace lightloom::nn {

/// What a weight layer's training and its stored words hold.
struct LayerNumbers {
  std::int64_t trained = 0;      // numbers that an optimiser trains, a bias included
  std::int64_t stored_bits = 0;  // of the words that regenerate it
};

/// A training whose first layers are frozen, as `freeze_ledger` counts it.
struct FreezeCase {
  const Graph& graph;
  const GraphCut& cut;                   // behind the frozen layers
  std::span<const LayerNumbers> layers;  // all of the graph, in order of execution
  std::int64_t norm_numbers = 0;         // trained numbers of the frozen normalisations, constants
  std::int64_t images = 0;               // to train with
  std::int64_t image_bytes = 0;          // of one, as the data set stores it
  std::int64_t latent_bytes = 0;         // of one, with its scale
  int views = 1;                         // latents of an image; 0: none are kept
  bool images_stay = false;              // somebody else needs them (a network that teaches)
  int batch = 64;
  int state_words = 2;  // of 32 bits beside each trained number: 1 momentum, 2 for the Adam family
  int epochs = 1;       // that are trained with frozen layers
};

/// SEER (Chen et al., NeurIPS 2021): what latents take in the place of images, and what they save.
/// Counted like `training_ledger`: numbers that are trained at 32 bits, read forward and backward,
/// read and written with their state by the update; inputs of weight layers written in the forward
/// and read in the backward pass. Backward a layer takes its products once for its weight and once
/// for its input, unless that is the image, or a latent. Operations without weights are not
/// counted.
struct FreezeLedger {
  // memory, bytes
  std::int64_t images_bytes = 0, cache_bytes = 0;  // all images; all latents
  std::int64_t paid_bytes = 0;        // latents less the images that nobody needs any more
  double gain = 0;                    // images' bytes over latents': above 1 latents are smaller
  std::int64_t optimiser_bytes = 0;   // saved: gradients and state of what is frozen
  std::int64_t activation_bytes = 0;  // saved: inputs kept for the backward pass
  std::int64_t net_bytes = 0;         // paid less saved; below 0: less in all
  // multiply-accumulates of one image
  std::int64_t forward_macs = 0, backward_macs = 0;                  // saved
  std::int64_t network_forward_macs = 0, network_backward_macs = 0;  // trained as a whole
  // work, multiply-accumulates
  std::int64_t epoch_macs = 0;  // saved by an epoch
  std::int64_t fill_macs = 0;   // paid once, to compute the latents
  std::int64_t saved_macs = 0;  // by all epochs, less what was paid
  // traffic, bytes
  std::int64_t weight_bytes = 0;         // saved by an epoch: weights and state of what is frozen
  std::int64_t epoch_traffic_bytes = 0;  // saved by an epoch in all; below 0: more is moved
  std::int64_t fill_traffic_bytes = 0;   // paid once
  /// Epochs after which what was saved is at least what was paid: in work, against training the
  /// whole network; in work, against frozen layers that are computed anew; in traffic. None: never.
  std::optional<int> break_even, break_even_recompute, break_even_traffic;
};

FreezeLedger freeze_ledger(const FreezeCase& training);

}  // namespace lightloom::nn
