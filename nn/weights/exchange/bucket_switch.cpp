#include "nn/weights/exchange/bucket_switch.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lightloom::nn {
namespace {

/// The reference implementation looks from 2^-10 upwards.
float smallest_power(double theta) {
  for (int exponent = -10;; ++exponent)
    if (std::ldexp(1.0, exponent) >= theta) return std::ldexp(1.0f, exponent);
}

}  // namespace

BucketSwitch::BucketSwitch(const BucketOptions& options, const PowerCode& code,
                           Parameter& coefficients, std::span<const float> mask)
    : options_(options),
      code_(code),
      coefficients_(coefficients),
      mask_(mask),
      smallest_(smallest_power(options.theta)) {
  assert(mask.size() == coefficients.value.size() && options.switch_bar >= 1 &&
         options.switch_bar <= 127);
  if (options.momentum > 0) average_.resize(mask.size());
  counters_.resize(mask.size());
  round_to_powers(code_, coefficients.value, coefficients.value);
}

/// One exponent up or down along `direction`; zeros grow to the smallest power; below theta lies
/// zero; the window's top holds.
float BucketSwitch::moved(float value, int direction) const {
  if (value == 0.0f) return static_cast<float>(direction) * smallest_;
  const bool grows = (value > 0.0f) == (direction > 0);
  const float next = grows ? 2.0f * value : 0.5f * value;
  if (std::abs(next) < options_.theta) return 0.0f;
  return power_value(code_, power_word(code_, next));
}

std::int64_t BucketSwitch::step(double rate) {
  const auto momentum = static_cast<float>(options_.momentum),
             decay = static_cast<float>(options_.weight_decay);
  const auto lr = static_cast<float>(rate), dead = static_cast<float>(options_.dead_zone);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    float& value = coefficients_.value[i];
    float average = coefficients_.gradient[i] + decay * value;
    if (momentum > 0) average = average_[i] = momentum * average_[i] + average;
    coefficients_.gradient[i] = 0;
    if (mask_[i] == 0.0f) continue;
    const float proposed = -lr * average;
    if (std::abs(proposed) <= dead) continue;
    counters_[i] = static_cast<std::int8_t>(counters_[i] + (proposed > 0.0f ? 1 : -1));
    if (std::abs(counters_[i]) < options_.switch_bar) continue;
    const float before = value;
    value = moved(value, counters_[i] > 0 ? 1 : -1);
    counters_[i] = 0;
    count += value != before;
  }
  return count;
}

void BucketSwitch::reset_counters() {
  std::fill(counters_.begin(), counters_.end(), std::int8_t{0});
}

}  // namespace lightloom::nn
