#include "nn/weights/smart_deal.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace lightloom::nn {
namespace {

/// The reference implementation looks from 2^-10 upwards.
float smallest_power(double theta) {
  for (int exponent = -10;; ++exponent)
    if (std::ldexp(1.0, exponent) >= theta) return std::ldexp(1.0f, exponent);
}

std::int64_t words_named(std::span<const StoredStream> streams, std::string_view name) {
  for (const StoredStream& stream : streams)
    if (stream.name == name) return stream.count;
  return 0;
}

std::int64_t activation_bits(const LayerShape& shape) {
  return 2 * 32 * std::int64_t{shape.in_channels} * shape.in_height * shape.in_width;
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
  average_.resize(mask.size());
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
  for (std::size_t i = 0; i < average_.size(); ++i) {
    float& value = coefficients_.value[i];
    average_[i] = momentum * average_[i] + coefficients_.gradient[i] + decay * value;
    coefficients_.gradient[i] = 0;
    if (mask_[i] == 0.0f) continue;
    const float proposed = -lr * average_[i];
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

TrainingLedger dense_ledger(const LayerShape& shape, int bits, int state_bits) {
  const std::int64_t weights = shape.weights() * bits, state = shape.weights() * state_bits;
  return {.stored_bits = weights + state,
          .forward_bits = weights,
          .backward_bits = weights,
          .update_bits = 2 * (weights + state),
          .activation_bits = activation_bits(shape)};
}

TrainingLedger smart_deal_ledger(const LayerShape& shape, std::span<const StoredStream> streams,
                                 int switch_bar, std::int64_t moved) {
  const std::int64_t coefficients = words_named(streams, "coefficients"),
                     bases = words_named(streams, "basis");
  const int counter_bits =
      std::bit_width(static_cast<unsigned>(2 * switch_bar));  // ceil(log2(2 bar + 1))
  std::int64_t read = 0;
  for (const StoredStream& stream : streams)
    if (stream.in_ratio) read += stream.count * stream.bits;
  read += bases * (32 - 8);  // trained in single precision
  return {.stored_bits = read + coefficients * counter_bits,
          .forward_bits = read,
          .backward_bits = read,
          .update_bits = 2 * (coefficients * counter_bits + 32 * bases + 4 * moved),
          .activation_bits = activation_bits(shape)};
}

}  // namespace lightloom::nn
