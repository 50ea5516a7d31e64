#include "nn/weights/direct/ternary_source.hpp"

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

constexpr int integer_bits = 2;  // -1, 0, 1 and a code that is not used
constexpr std::uint32_t zero_digit = 1;

std::int64_t bytes_of(std::int64_t weights) {
  return (weights + trits_per_byte - 1) / trits_per_byte;
}

/// Two-bit words are level + 2.
std::uint32_t digit_of(std::uint32_t word) { return word - 1; }
std::uint32_t word_of_digit(std::uint32_t digit) { return digit + 1; }

std::vector<std::uint32_t> packed(const std::vector<std::uint32_t>& words) {
  std::vector<std::uint32_t> bytes;
  for (std::size_t first = 0; first < words.size(); first += trits_per_byte) {
    std::uint32_t byte = 0;
    for (std::size_t i = first + trits_per_byte; i-- > first;)
      byte = 3 * byte + (i < words.size() ? digit_of(words[i]) : zero_digit);
    bytes.push_back(byte);
  }
  return bytes;
}

std::vector<std::uint32_t> unpacked(const std::vector<std::uint32_t>& bytes, std::size_t weights) {
  std::vector<std::uint32_t> words;
  words.reserve(bytes.size() * trits_per_byte);
  for (std::uint32_t byte : bytes)
    for (int i = 0; i < trits_per_byte; ++i, byte /= 3) words.push_back(word_of_digit(byte % 3));
  words.resize(weights);
  return words;
}

bool takes_ternary(const SourceCard& card, const LayerShape& shape) {
  return !is_linear(shape) || card.fc_bits == integer_bits;
}

}  // namespace

TernarySource::TernarySource(const LayerShape& shape, const IntegerCard& card)
    : ForwardingSource(std::make_unique<IntegerSource>(shape, integer_bits, card)),
      weights_(shape.weights()),
      scales_(integer_scales(shape, card.scales)) {}

std::vector<StoredStream> ternary_streams(std::int64_t weights, std::int64_t scales) {
  std::vector<StoredStream> streams = integer_streams(weights, integer_bits, scales);
  streams.front() = {
      .name = "trits", .count = bytes_of(weights), .bits = 8, .packed_values = weights};
  return streams;
}

std::vector<StoredStream> TernarySource::streams() const {
  return ternary_streams(weights_, scales_);
}

std::vector<CodedStream> TernarySource::codes() {
  std::vector<CodedStream> coded = inner().codes();
  coded.front() = {.name = "trits", .bits = 8, .words = packed(coded.front().words)};
  return coded;
}

void TernarySource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2 &&
              static_cast<std::int64_t>(streams[0].words.size()) == bytes_of(weights_),
          "these stored streams belong to another layer");
  const CodedStream words{.name = "weight",
                          .bits = integer_bits,
                          .words = unpacked(streams[0].words, static_cast<std::size_t>(weights_))};
  inner().decode(std::vector<CodedStream>{words, streams[1]}, dense);
}

RegenerationWork TernarySource::work() const { return {.lookups = bytes_of(weights_)}; }

SourceEntry ternary_entry() {
  return {.name = ternary_kind,
          .settings = {settings_of<IntegerCard>()},
          .bits = integer_bits,
          .bits_range = {.low = integer_bits, .high = integer_bits},
          .bits_of_linear = [](const SourceCard&) { return integer_bits; },
          .takes = takes_ternary,
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<TernarySource>(shape, card.settings.of<IntegerCard>());
              },
          .streams =
              [](const SourceCard& card, const LayerShape& shape) {
                return ternary_streams(
                    shape.weights(), integer_scales(shape, card.settings.of<IntegerCard>().scales));
              }};
}

}  // namespace lightloom::nn
