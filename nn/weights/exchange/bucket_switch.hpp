#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/optim/parameter.hpp"
#include "nn/weights/exchange/exchange_card.hpp"
#include "nn/weights/source/power_of_two.hpp"

namespace lightloom::nn {

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

}  // namespace lightloom::nn
