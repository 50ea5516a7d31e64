#include "nn/weights/direct/ternary_source.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard ternary_card(const std::string& more = "") {
  return read_card<SourceCard>(parse_yaml("{source: ternary" + more + "}", "test"));
}

/// A linear layer of `weights` weights.
LayerShape vector_of(int weights) {
  return {.name = "fc", .kind = LayerShape::Kind::linear, .in_channels = weights};
}

std::vector<float> ternary_waves(std::int64_t count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(std::sin(static_cast<float>(i * i)) * 0.1f);
  return values;
}

TEST(Ternary, PutsFiveTritsIntoAByteTheFirstWeightLowest) {
  const std::vector<float> dense{3, 0, -3, 3, 3, -3, 0};
  const auto source = make_source(ternary_card(), vector_of(7));
  source->encode(dense);
  const std::vector<CodedStream> coded = source->codes();
  ASSERT_EQ(coded.size(), 2u);
  EXPECT_EQ(coded[0].bits, 8);
  // Digits 2 1 0 2 2 and 0 1, filled up with 1 1 1, in base 3 from the right.
  EXPECT_EQ(coded[0].words,
            (std::vector<std::uint32_t>{2 + 3 + 0 + 54 + 162, 0 + 3 + 9 + 27 + 81}));
  std::vector<float> again(7);
  source->decode(coded, again);
  EXPECT_EQ(again, dense);
}

TEST(Ternary, StoresAFifthOfAByteAWeightAndUnpacksAByteALookUp) {
  for (const int weights : {1, 4, 5, 6, 33, 1000}) {
    const auto source = make_source(ternary_card(), vector_of(weights));
    const auto bytes = static_cast<std::int64_t>(std::ceil(weights / 5.0));
    const StoredStream stored = source->streams().at(0);
    EXPECT_EQ(stored.count, bytes);
    EXPECT_EQ(stored.bits, 8);
    EXPECT_EQ(stored.values(), weights);
    EXPECT_EQ(source->work().lookups, bytes);
    EXPECT_EQ(source->work().shifts + source->work().adds + source->work().intra_macs, 0);
  }
}

TEST(Ternary, CountsEveryWeightAsAParameterAndBitsByTheByte) {
  const NetworkShape network{.name = "n", .layers = {vector_of(33)}};
  const Ratio ratio = ratio_of(network, ternary_card());
  EXPECT_EQ(ratio.parameters, 33);
  EXPECT_EQ(ratio.memory_bits, 7 * 8);
  EXPECT_EQ(ratio.complete_bits, 7 * 8 + 32);  // with the scale
}

TEST(Ternary, HasTheLevelsOfTwoBitIntegers) {
  const LayerShape shape{
      .name = "conv", .in_channels = 9, .out_channels = 7, .kernel_height = 3, .kernel_width = 3};
  for (const std::string more : {"", ", scales: filter"}) {
    const auto ternary = make_source(ternary_card(more), shape);
    const auto integer = make_source(
        read_card<SourceCard>(parse_yaml("{source: integer, bits: 2" + more + "}", "test")), shape);
    const std::vector<float> dense = ternary_waves(shape.weights());
    std::vector<float> one(dense.size()), other(dense.size());
    ternary->encode(dense);
    integer->encode(dense);
    ternary->materialise(one);
    integer->materialise(other);
    EXPECT_EQ(one, other);
    EXPECT_EQ(ternary->codes().at(1).words, integer->codes().at(1).words);
  }
}

TEST(Ternary, LinearLayersAreTernaryUnlessTheyAreGivenOtherBits) {
  EXPECT_EQ(stored_streams(ternary_card(), vector_of(33)).at(0).name, "trits");
  EXPECT_EQ(stored_streams(ternary_card(", fc_bits: 2"), vector_of(33)).at(0).name, "trits");
  const StoredStream eight = stored_streams(ternary_card(", fc_bits: 8"), vector_of(33)).at(0);
  EXPECT_EQ(eight.count * eight.bits, 33 * 8);
}

TEST(Ternary, ADamagedByteReadsAsSomeTritsAndWordsOfAnotherLayerAreRefused) {
  const auto source = make_source(ternary_card(), vector_of(5));
  source->encode(std::vector<float>{2, 2, 2, 2, 2});
  std::vector<CodedStream> coded = source->codes();
  std::vector<float> weight(5);
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    coded[0].words = {byte};
    source->decode(coded, weight);
    for (const float value : weight) EXPECT_TRUE(value == 0 || std::abs(value) == 2.0f) << byte;
  }
  coded[0].words = {0, 0};
  EXPECT_THROW(source->decode(coded, weight), Error);
}

}  // namespace
}  // namespace lightloom::nn
