#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/weights/exchange/exchange_card.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// Bits that training holds in weight memory and moves per step, of one layer or summed.
struct TrainingLedger {
  std::int64_t stored_bits = 0;
  std::int64_t forward_bits = 0;     // weights read
  std::int64_t backward_bits = 0;    // weights read again
  std::int64_t update_bits = 0;      // weights and optimiser state, read and written
  std::int64_t activation_bits = 0;  // inputs of weight layers, written in the forward and read in
                                     // the backward pass, per image

  [[nodiscard]] std::int64_t weight_traffic_bits() const {
    return forward_bits + backward_bits + update_bits;
  }
  TrainingLedger& operator+=(const TrainingLedger& other);
};

/// How a training holds what it trains.
struct TrainingWords {
  int bits = 32;        // of a dense weight
  int state_words = 1;  // of 32 bits beside each trained number: 1 momentum, 2 for the Adam family
  int activation_bits = 32;
};

/// Dense weights with their state: forward and backward read the weights, the update reads and
/// writes weights and state.
TrainingLedger dense_ledger(const LayerShape& shape, const TrainingWords& words);

/// One weight layer of a network in SmartDeal training.
struct LedgerLayer {
  LayerShape shape;
  std::vector<StoredStream> streams;
  double moved = 0;  // coefficients that changed per step, on average
};

/// SmartDeal: forward and backward read coefficients, index and bases (the latter at 32 bits, as
/// they are trained); the update reads and writes every counter, every base with its state, the
/// averaged gradients if there is a momentum, and the `moved` coefficients alone.
TrainingLedger smart_deal_ledger(const LedgerLayer& layer, const BucketOptions& options,
                                 const TrainingWords& words);

struct TrainingLedgers {
  TrainingLedger smart_deal;  // layers that no block fits: dense at 32 bits
  TrainingLedger fp32;
  TrainingLedger int8;  // 8-bit weights and activations, state at 32 bits
};

/// A whole network, biases and the `norm_parameters` of its normalisations at 32 bits throughout.
/// `words.bits` is not used.
TrainingLedgers training_ledgers(std::span<const LedgerLayer> layers, std::int64_t norm_parameters,
                                 const BucketOptions& options, const TrainingWords& words);

}  // namespace lightloom::nn
