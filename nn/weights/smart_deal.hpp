#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/weights/power_of_two.hpp"
#include "nn/weights/weight_source.hpp"

namespace lightloom::nn {

/// SmartDeal training (arXiv 2101.01163), the update it is known for: coefficients are powers of
/// two and move by one exponent when a small counter of gradient signs fills, so that no
/// full-precision copy of them is needed.
struct BucketOptions {
  double momentum = 0.9;
  double weight_decay = 0;
  double dead_zone = 0;  // proposed steps of at most this magnitude do not count
  int switch_bar = 1;    // signs that fill a counter
  double theta = 4e-3;   // coefficients below become zero
};

/// Updates one coefficient tensor. Entries whose mask is 0 stay untouched.
class BucketSwitch {
 public:
  /// Rounds the coefficients to powers of two at once. `code` bounds the exponents.
  BucketSwitch(const BucketOptions& options, const PowerCode& code, Parameter& coefficients,
               std::span<const float> mask);

  /// One update from the accumulated gradient, which it clears: step = -rate (momentum average +
  /// decay); its sign is counted. Returns how many coefficients moved: what is written back to
  /// memory.
  std::int64_t step(double rate);
  /// At the start of every epoch.
  void reset_counters();
  /// The smallest power of two at or above theta: where a zero grows back to.
  [[nodiscard]] float smallest() const { return smallest_; }

 private:
  [[nodiscard]] float moved(float value, int direction) const;

  BucketOptions options_;
  PowerCode code_;
  Parameter& coefficients_;
  std::span<const float> mask_;
  float smallest_ = 0;
  std::vector<float> average_;
  std::vector<std::int8_t> counters_;
};

/// Bits that live in weight memory and bits that move per training step, one layer or summed.
struct TrainingLedger {
  std::int64_t stored_bits = 0;
  std::int64_t forward_bits = 0, backward_bits = 0, update_bits = 0;  // read and written per step
  std::int64_t activation_bits =
      0;  // written in the forward and read in the backward pass per image: no source changes them
  [[nodiscard]] std::int64_t weight_traffic_bits() const {
    return forward_bits + backward_bits + update_bits;
  }
};

/// Dense weights of `bits` with a momentum of `state_bits` each: forward and backward read the
/// weights, the update reads and writes weight and state (FP32 SGD: 32, 32; INT8 training: 8, 32).
TrainingLedger dense_ledger(const LayerShape& shape, int bits, int state_bits);
/// SmartDeal with counters of `switch_bar` in place of a momentum: forward and backward read
/// coefficients, bases and index; the update reads and writes the counters, the bases at 32 bits,
/// and the `moved` coefficients.
TrainingLedger smart_deal_ledger(const LayerShape& shape, std::span<const StoredStream> streams,
                                 int switch_bar, std::int64_t moved);

}  // namespace lightloom::nn
