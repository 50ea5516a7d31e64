#include "nn/accounting/training_ledger.hpp"

#include <bit>
#include <cmath>
#include <string_view>

#include "nn/weights/exchange/exchange_source.hpp"

namespace lightloom::nn {
namespace {

constexpr int word_bits = 32;

std::int64_t words_named(std::span<const StoredStream> streams, std::string_view name) {
  for (const StoredStream& stream : streams)
    if (stream.name == name) return stream.count;
  return 0;
}

std::int64_t activation_bits(const LayerShape& shape, int bits) {
  return std::int64_t{2} * bits * shape.in_channels * shape.in_height * shape.in_width;
}

/// Biases and normalisations.
TrainingLedger plain_parameters(std::int64_t count, int state_words) {
  const std::int64_t weights = count * word_bits, state = weights * state_words;
  return {.stored_bits = weights + state,
          .forward_bits = weights,
          .backward_bits = weights,
          .update_bits = 2 * (weights + state)};
}

}  // namespace

TrainingLedger& TrainingLedger::operator+=(const TrainingLedger& other) {
  stored_bits += other.stored_bits;
  forward_bits += other.forward_bits;
  backward_bits += other.backward_bits;
  update_bits += other.update_bits;
  activation_bits += other.activation_bits;
  return *this;
}

TrainingLedger dense_ledger(const LayerShape& shape, const TrainingWords& words) {
  const std::int64_t weights = shape.weights() * words.bits;
  const std::int64_t state = shape.weights() * word_bits * words.state_words;
  return {.stored_bits = weights + state,
          .forward_bits = weights,
          .backward_bits = weights,
          .update_bits = 2 * (weights + state),
          .activation_bits = activation_bits(shape, words.activation_bits)};
}

TrainingLedger smart_deal_ledger(const LedgerLayer& layer, const BucketOptions& options,
                                 const TrainingWords& words) {
  const auto& [shape, streams, moved] = layer;
  const std::int64_t coefficients = words_named(streams, "coefficients"),
                     bases = words_named(streams, "basis");
  const std::int64_t base_words = bases * word_bits;
  const std::int64_t read =
      coefficients * ExchangeSource::coefficient_bits + words_named(streams, "index") + base_words;
  const int counter =  // ceil(log2(2 bar + 1))
      static_cast<int>(std::bit_width(static_cast<unsigned>(2 * options.switch_bar)));
  const std::int64_t state = coefficients * (counter + (options.momentum > 0 ? word_bits : 0)) +
                             base_words * words.state_words;
  const auto changed =
      static_cast<std::int64_t>(std::llround(moved * ExchangeSource::coefficient_bits));
  return {.stored_bits = read + state,
          .forward_bits = read,
          .backward_bits = read,
          .update_bits = 2 * (state + base_words + changed),
          .activation_bits = activation_bits(shape, words.activation_bits)};
}

TrainingLedgers training_ledgers(std::span<const LedgerLayer> layers, std::int64_t norm_parameters,
                                 const BucketOptions& options, const TrainingWords& words) {
  const TrainingWords fp32{.state_words = words.state_words};
  const TrainingWords int8{.bits = 8, .state_words = words.state_words, .activation_bits = 8};
  const TrainingWords rest{.state_words = words.state_words,
                           .activation_bits = words.activation_bits};
  TrainingLedgers sums;
  std::int64_t plain = norm_parameters;
  for (const LedgerLayer& layer : layers) {
    plain += layer.shape.bias ? layer.shape.out_channels : 0;
    sums.fp32 += dense_ledger(layer.shape, fp32);
    sums.int8 += dense_ledger(layer.shape, int8);
    sums.smart_deal += words_named(layer.streams, "coefficients") > 0
                           ? smart_deal_ledger(layer, options, words)
                           : dense_ledger(layer.shape, rest);
  }
  for (TrainingLedger* ledger : {&sums.smart_deal, &sums.fp32, &sums.int8})
    *ledger += plain_parameters(plain, words.state_words);
  return sums;
}

}  // namespace lightloom::nn
