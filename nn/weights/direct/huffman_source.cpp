#include "nn/weights/direct/huffman_source.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "nn/weights/direct/normal_levels.hpp"
#include "nn/weights/direct/prefix_code.hpp"

namespace lightloom::nn {
namespace {

constexpr Range coded_bits{.low = 2, .high = 8};

std::int64_t table_bytes(int bits) { return std::int64_t{1} << (bits - 1); }
std::int64_t blocks_of(std::int64_t weights) {
  return (weights + block_weights - 1) / block_weights;
}
std::uint32_t zero_word(int bits) { return 1u << (bits - 1); }

/// An optimal code is no longer than words of equal length; each block is filled up to a byte.
std::int64_t most_bytes(std::int64_t weights, int bits) {
  const std::int64_t blocks = blocks_of(weights);
  return table_bytes(bits) + blocks + (weights * bits + 7 * blocks) / 8;
}

/// Mean length of the words of normal weights.
double mean_length(int bits, std::int64_t weights) {
  constexpr double one = 1e12;  // counts that stand for a probability of 1
  const std::vector<double> levels = normal_levels(bits, weights);
  std::vector<std::int64_t> counts;
  for (const double probability : levels) counts.push_back(std::llround(probability * one));
  const std::vector<int> lengths = code_lengths(counts);
  double mean = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) mean += levels[i] * lengths[i];
  return mean;
}

std::int64_t expected_bytes(std::int64_t weights, int bits, std::int64_t scales) {
  const auto blocks = static_cast<double>(blocks_of(weights));
  const double code_bits =
      static_cast<double>(weights) * mean_length(bits, std::max<std::int64_t>(weights / scales, 1));
  const auto bytes = static_cast<std::int64_t>(std::ceil((code_bits + 3.5 * blocks) / 8 + blocks));
  return std::min(table_bytes(bits) + bytes, most_bytes(weights, bits));
}

std::vector<int> lengths_of(const std::vector<std::uint32_t>& words, int bits) {
  std::vector<std::int64_t> counts(std::size_t{1} << bits);
  for (const std::uint32_t word : words) ++counts[word];
  return code_lengths(counts);
}

std::span<const std::uint32_t> block_at(std::span<const std::uint32_t> words, std::size_t block) {
  const std::size_t first = block * block_weights;
  return words.subspan(first, std::min<std::size_t>(block_weights, words.size() - first));
}

std::vector<std::uint32_t> coded(const std::vector<std::uint32_t>& words, int bits) {
  const std::vector<int> lengths = lengths_of(words, bits);
  const PrefixCode code(lengths, zero_word(bits));
  std::vector<std::uint32_t> bytes;
  for (std::size_t i = 0; i < lengths.size(); i += 2)
    bytes.push_back(static_cast<std::uint32_t>(lengths[i] | lengths[i + 1] << 4));
  const std::size_t sizes = bytes.size();
  const auto blocks = static_cast<std::size_t>(blocks_of(static_cast<std::int64_t>(words.size())));
  bytes.resize(sizes + blocks);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t before = bytes.size();
    code.write(block_at(words, block), bytes);
    bytes[sizes + block] = static_cast<std::uint32_t>(bytes.size() - before);
  }
  return bytes;
}

std::vector<std::uint32_t> decoded(std::span<const std::uint32_t> bytes, int bits,
                                   std::size_t weights) {
  const auto table = static_cast<std::size_t>(table_bytes(bits));
  std::vector<int> lengths;
  for (const std::uint32_t pair : bytes.first(table)) {
    lengths.push_back(static_cast<int>(pair & 0xfu));
    lengths.push_back(static_cast<int>(pair >> 4 & 0xfu));
  }
  const PrefixCode code(lengths, zero_word(bits));
  std::vector<std::uint32_t> words(weights);
  const auto blocks = static_cast<std::size_t>(blocks_of(static_cast<std::int64_t>(weights)));
  std::size_t at = table + blocks;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t begin = std::min(at, bytes.size());
    const std::size_t size = std::min<std::size_t>(bytes[table + block], bytes.size() - begin);
    const std::size_t first = block * block_weights;
    code.read(
        bytes.subspan(begin, size),
        std::span(words).subspan(first, std::min<std::size_t>(block_weights, weights - first)));
    at += bytes[table + block];
  }
  return words;
}

}  // namespace

HuffmanSource::HuffmanSource(const LayerShape& shape, int bits, const IntegerCard& card)
    : ForwardingSource(std::make_unique<IntegerSource>(shape, bits, card)),
      weights_(shape.weights()),
      scales_(integer_scales(shape, card.scales)),
      stored_bytes_(expected_bytes(weights_, bits, scales_)),
      bits_(bits) {}

std::vector<StoredStream> huffman_streams(std::int64_t weights, int bits, std::int64_t scales) {
  std::vector<StoredStream> streams = integer_streams(weights, bits, scales);
  streams.front() = {.name = "code",
                     .count = expected_bytes(weights, bits, scales),
                     .bits = 8,
                     .packed_values = weights,
                     .most = most_bytes(weights, bits)};
  return streams;
}

std::vector<StoredStream> HuffmanSource::streams() const {
  std::vector<StoredStream> streams = huffman_streams(weights_, bits_, scales_);
  streams.front().count = stored_bytes_;
  return streams;
}

std::vector<CodedStream> HuffmanSource::codes() {
  std::vector<CodedStream> streams = inner().codes();
  streams.front() = {.name = "code", .bits = 8, .words = coded(streams.front().words, bits_)};
  stored_bytes_ = static_cast<std::int64_t>(streams.front().words.size());
  return streams;
}

void HuffmanSource::decode(std::span<const CodedStream> streams, std::span<float> dense) {
  require(streams.size() == 2 && static_cast<std::int64_t>(streams[0].words.size()) >=
                                     table_bytes(bits_) + blocks_of(weights_),
          "these stored streams belong to another layer");
  const CodedStream words{
      .name = "weight",
      .bits = bits_,
      .words = decoded(streams[0].words, bits_, static_cast<std::size_t>(weights_))};
  inner().decode(std::vector<CodedStream>{words, streams[1]}, dense);
}

RegenerationWork HuffmanSource::work() const {
  return {.shifts = weights_, .adds = weights_ + blocks_of(weights_), .lookups = weights_};
}

SourceEntry huffman_entry() {
  return {.name = huffman_kind,
          .settings = {settings_of<IntegerCard>()},
          .bits = 4,
          .bits_range = coded_bits,
          .linear_range = coded_bits,
          .bits_of_linear = [](const SourceCard& card) { return card.bits; },
          .make =
              [](const SourceCard& card, const LayerShape& shape) {
                return std::make_unique<HuffmanSource>(shape, word_bits(card, shape),
                                                       card.settings.of<IntegerCard>());
              },
          .streams =
              [](const SourceCard& card, const LayerShape& shape) {
                return huffman_streams(
                    shape.weights(), word_bits(card, shape),
                    integer_scales(shape, card.settings.of<IntegerCard>().scales));
              }};
}

}  // namespace lightloom::nn
