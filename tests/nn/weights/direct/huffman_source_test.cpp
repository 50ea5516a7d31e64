#include "nn/weights/direct/huffman_source.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard huffman_card(const std::string& more = "") {
  return read_card<SourceCard>(parse_yaml("{source: huffman" + more + "}", "test"));
}

LayerShape line_of(int weights) {
  return {.name = "fc", .kind = LayerShape::Kind::linear, .in_channels = weights};
}

std::vector<float> drawn_weights(std::size_t count, bool peaked = false) {
  const Stream stream({.seed = 5, .purpose = Purpose::phase_error});
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double normal = stream.normal(i);
    values.push_back(static_cast<float>(peaked ? normal * normal * normal : normal));
  }
  return values;
}

// 2 length 2: lengths 0 2 2 1. Canonical: 3 is 0, 1 is 10, 2 is 11. Bits in order 0 0 0 0 10 10 11,
// the first lowest: 11010100 without the last word, then 11 makes 1100 0000 ... see the bytes.

// Levels 1 1 1 1 -1 -1 0 of two bits are the words 3 3 3 3 1 1 2: word 3 gets one bit, 1 and 2 get
// two, 0 none. Canonical: 3 is 0, 1 is 10, 2 is 11, so the bits are 0 0 0 0 10 10 11.
TEST(Huffman, StoresLengthsSizesAndWordsOfTheCanonicalCode) {
  const std::vector<float> dense{3, 3, 3, 3, -3, -3, 0};
  const auto source = make_source(huffman_card(", bits: 2"), line_of(7));
  source->encode(dense);
  const std::vector<CodedStream> coded = source->codes();
  ASSERT_EQ(coded.size(), 2u);
  EXPECT_EQ(coded[0].bits, 8);
  const std::uint32_t lengths_0_1 = 0 + 16 * 2, lengths_2_3 = 2 + 16 * 1;
  // Bits 0 to 3 are the four zeros, bit 4 and bit 6 begin 10, bits 8 and 9 are 11.
  const std::uint32_t first = (1u << 4) + (1u << 6), second = 3;
  EXPECT_EQ(coded[0].words,
            (std::vector<std::uint32_t>{lengths_0_1, lengths_2_3, 2, first, second}));
  std::vector<float> again(7);
  source->decode(coded, again);
  EXPECT_EQ(again, dense);
}

TEST(Huffman, GivesTheWeightsOfTheIntegersBitForBit) {
  const LayerShape shape{
      .name = "conv", .in_channels = 13, .out_channels = 11, .kernel_height = 3, .kernel_width = 3};
  for (const int bits : {2, 3, 4, 8})
    for (const std::string more : {"", ", scales: filter"}) {
      const std::string text = fmt::format(", bits: {}{}", bits, more);
      const auto source = make_source(huffman_card(text), shape);
      const auto integer = make_source(
          read_card<SourceCard>(parse_yaml("{source: integer" + text + "}", "test")), shape);
      const std::vector<float> dense = drawn_weights(static_cast<std::size_t>(shape.weights()));
      std::vector<float> one(dense.size()), other(dense.size());
      source->encode(dense);
      integer->encode(dense);
      integer->materialise(other);
      make_source(huffman_card(text), shape)->decode(source->codes(), one);
      EXPECT_EQ(one, other) << text;
    }
}

// Per weight a look-up, a shift and an addition, per block of 128 an addition more.
TEST(Huffman, CountsItsDecoding) {
  const RegenerationWork work = make_source(huffman_card(), line_of(300))->work();
  EXPECT_EQ(work.lookups, 300);
  EXPECT_EQ(work.shifts, 300);
  EXPECT_EQ(work.adds, 300 + 3);
  EXPECT_EQ(work.intra_macs + work.cross_macs, 0);
}

/// Bytes of the table, of the sizes, and of the words with half a byte lost to each block.
double bytes_at(double bits_per_weight, double weights, int bits) {
  const double blocks = std::ceil(weights / 128);
  return std::exp2(bits - 1) + blocks + (bits_per_weight * weights + 3.5 * blocks) / 8;
}

double stored_bytes(int bits, std::span<const float> dense) {
  const auto source = make_source(huffman_card(fmt::format(", bits: {}", bits)),
                                  line_of(static_cast<int>(dense.size())));
  source->encode(dense);
  return static_cast<double>(source->codes().at(0).words.size());
}

// What is announced without weights is what normal ones take. The largest of 100 000, which sets
// the scale above 4 bits, scatters by about 6 %: log2(1.06) = 0.08 of 4.9 to 6.9 bits, and twice
// that is allowed.
TEST(Huffman, AnnouncesWhatNormalWeightsTake) {
  for (const int bits : {2, 3, 4, 6, 8}) {
    const std::vector<float> dense = drawn_weights(100'000);
    const StoredStream announced =
        stored_streams(huffman_card(fmt::format(", bits: {}", bits)), line_of(100'000)).at(0);
    const double stored = stored_bytes(bits, dense);
    EXPECT_NEAR(stored / static_cast<double>(announced.count), 1, 0.03) << bits;
    EXPECT_LE(stored, static_cast<double>(announced.most)) << bits;
    EXPECT_LT(announced.count, 100'000 * bits / 8) << bits;
  }
}

// Two bits of normal numbers clipped best: three levels of probability p, 1 - 2p, p take
// 1 + 2p bits a weight, with the step a that makes the error least: p = P(x > a/2). By hand from
// the error 2 (integral to a/2 of x^2 + integral from a/2 of (x - a)^2) the step is 1.22, p = 0.27.
TEST(Huffman, TwoBitsOfNormalWeightsTakeOnePointFiveFourBits) {
  const StoredStream announced = stored_streams(huffman_card(", bits: 2"), line_of(128'000)).at(0);
  EXPECT_NEAR(static_cast<double>(announced.count) / bytes_at(1 + 2 * 0.271, 128'000, 2), 1, 0.01);
}

TEST(Huffman, PeakedWeightsTakeFewerBitsAndNoWeightsTakeMoreThanTheMost) {
  const std::vector<float> normal = drawn_weights(20'000), peaked = drawn_weights(20'000, true);
  EXPECT_LT(stored_bytes(8, peaked), 0.7 * stored_bytes(8, normal));
  std::vector<float> even;
  for (int i = 0; i < 1270; ++i) even.push_back(static_cast<float>(i % 127 - 63));
  const StoredStream most = stored_streams(huffman_card(", bits: 7"), line_of(1270)).at(0);
  EXPECT_LE(stored_bytes(7, even), static_cast<double>(most.most));
}

TEST(Huffman, CountsWeightsAsParametersAndTheTableInTheBits) {
  const NetworkShape network{.name = "n", .layers = {line_of(1000)}};
  const Ratio ratio = ratio_of(network, huffman_card());
  EXPECT_EQ(ratio.parameters, 1000);
  const std::int64_t bytes = stored_streams(huffman_card(), line_of(1000)).at(0).count;
  EXPECT_EQ(ratio.memory_bits, 8 * bytes);
  EXPECT_GT(bytes, 8 + 8);  // the lengths of 16 words and the sizes of 8 blocks alone
}

TEST(Huffman, ADamagedMemoryReadsAsLevelsAndADamagedBlockLeavesTheOthers) {
  const auto source = make_source(huffman_card(), line_of(500));
  const std::vector<float> dense = drawn_weights(500);
  source->encode(dense);
  const std::vector<CodedStream> coded = source->codes();
  std::vector<float> right(500), weight(500);
  source->decode(coded, right);
  float largest = 0;
  for (const float value : right) largest = std::max(largest, std::abs(value));
  const std::size_t words = coded[0].words.size();
  for (std::size_t k = 0; k < words; ++k)
    for (const std::uint32_t flip : {1u, 0x10u, 0xffu}) {
      std::vector<CodedStream> damaged = coded;
      damaged[0].words[k] ^= flip;
      source->decode(damaged, weight);
      for (const float value : weight) EXPECT_LE(std::abs(value), largest * 8.0f / 7);
    }
  std::vector<CodedStream> damaged = coded;
  damaged[0].words[8 + 4] ^= 0xffu;  // the first byte of the first block
  source->decode(damaged, weight);
  EXPECT_TRUE(std::equal(weight.begin() + 128, weight.end(), right.begin() + 128));
  EXPECT_FALSE(std::equal(weight.begin(), weight.begin() + 128, right.begin()));
  damaged[0].words.resize(11);
  EXPECT_THROW(source->decode(damaged, weight), Error);
}

TEST(Huffman, TakesTwoToEightBits) {
  EXPECT_NO_THROW(huffman_card(", bits: 8"));
  EXPECT_THROW(huffman_card(", bits: 9"), Error);
  EXPECT_THROW(huffman_card(", bits: 1"), Error);
  EXPECT_THROW(huffman_card(", fc_bits: 9"), Error);
  EXPECT_EQ(huffman_card().bits, 4);
}

}  // namespace
}  // namespace lightloom::nn
