#include "nn/weights/codes/crew_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/array_code.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard crew_card(const std::string& more = "") {
  return read_card<SourceCard>(parse_yaml("{source: crew" + more + "}", "test"));
}

LayerShape crew_linear(int in, int out) {
  return {.name = "fc", .kind = LayerShape::Kind::linear, .in_channels = in, .out_channels = out};
}

enum class Tail { normal, heavy };

std::vector<float> crew_weights(const LayerShape& shape, Tail tail) {
  const Stream stream({.seed = 41, .purpose = Purpose::test});
  std::vector<float> values;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(shape.weights()); ++i) {
    const double normal = stream.normal(i);
    values.push_back(static_cast<float>(tail == Tail::heavy ? normal * std::abs(normal) : normal));
  }
  return values;
}

/// Stored bits by the formula, sum of (q u + M b + 4 + q), from the integers of `integer`'s words.
double formula_bits(const std::vector<std::uint32_t>& words, const LayerShape& shape, int q) {
  const int columns = shape.matrix_columns(), outputs = shape.matrix_rows();
  double bits = 0;
  for (int group = 0; group < shape.groups; ++group)
    for (int column = 0; column < columns; ++column) {
      std::set<std::uint32_t> levels;
      for (int o = 0; o < outputs; ++o) {
        const int at = (group * outputs + o) * columns + column;
        levels.insert(words[static_cast<std::size_t>(at)]);
      }
      const auto u = static_cast<double>(levels.size());
      bits += q * u + outputs * std::ceil(std::log2(u)) + 4 + q;
    }
  return bits;
}

const std::vector<LayerShape> crew_shapes{
    crew_linear(23, 31),
    {.name = "conv", .in_channels = 5, .out_channels = 12, .kernel_height = 3, .kernel_width = 3},
    {.name = "grouped",
     .in_channels = 6,
     .out_channels = 8,
     .kernel_height = 3,
     .kernel_width = 3,
     .groups = 2},
    {.name = "depth",
     .in_channels = 7,
     .out_channels = 7,
     .kernel_height = 3,
     .kernel_width = 3,
     .groups = 7}};

// From five bits on integers do not clip: crew's words are those of `integer`.
TEST(CrewSource, HoldsTheIntegersBitForBitAndStoresTheFormula) {
  for (const LayerShape& shape : crew_shapes)
    for (const int bits : {5, 8}) {
      const std::vector<float> dense = crew_weights(shape, Tail::heavy);
      const std::string text = fmt::format(", bits: {}, scales: filter", bits);
      const auto integer = make_source(
          read_card<SourceCard>(parse_yaml("{source: integer" + text + "}", "test")), shape);
      std::vector<float> plain(dense.size()), weight(dense.size());
      integer->encode(dense);
      integer->materialise(plain);
      const ArrayCode code = code_array(crew_card(text), shape, dense);
      EXPECT_EQ(code.decoded, plain) << shape.name;
      EXPECT_DOUBLE_EQ(code.bits_per_weight * static_cast<double>(dense.size()),
                       formula_bits(integer->codes()[0].words, shape, bits))
          << shape.name << bits;
      EXPECT_EQ(code.work, (RegenerationWork{.lookups = shape.weights()}));
    }
}

// Below five bits `integer` clips; crew as published does not: the largest weight is the top level.
TEST(CrewSource, TheRangeIsTheLargestWeightUnlessItIsClipped) {
  const LayerShape shape = crew_linear(64, 64);
  const std::vector<float> dense = crew_weights(shape, Tail::heavy);
  float largest = 0;
  for (const float value : dense) largest = std::max(largest, std::abs(value));
  const auto top = [&](const std::vector<float>& weight) {
    float found = 0;
    for (const float value : weight) found = std::max(found, std::abs(value));
    return found;
  };
  const ArrayCode full = code_array(crew_card(), shape, dense);
  EXPECT_NEAR(top(full.decoded), largest, 1e-5 * largest);
  const ArrayCode clipped = code_array(crew_card(", crew: {range: clipped}"), shape, dense);
  EXPECT_LT(top(clipped.decoded), 0.8f * largest);
  EXPECT_GT(clipped.sqnr_db, full.sqnr_db) << "clipping is the honest control";
  EXPECT_GT(clipped.bits_per_weight, full.bits_per_weight);
}

// The reference's shape: on peaked weights 256 outputs of 4 bits gain, 64 outputs of 8 bits lose;
// normal weights gain nothing at 8 bits.
TEST(CrewSource, GainsOnPeakedWeightsOfManyOutputsAndFewBitsOnly) {
  const auto storage = [](int outputs, int bits, Tail tail) {
    const LayerShape shape = crew_linear(200, outputs);
    return code_array(crew_card(fmt::format(", bits: {}", bits)), shape, crew_weights(shape, tail))
               .bits_per_weight /
           bits;
  };
  EXPECT_LT(storage(256, 4, Tail::heavy), 0.9);
  EXPECT_GT(storage(64, 8, Tail::heavy), 1);
  EXPECT_GT(storage(512, 8, Tail::normal), 1);
  EXPECT_LT(storage(256, 4, Tail::heavy), storage(64, 4, Tail::heavy));
}

// Announced without weights. The largest of 60 000, which sets the scale, scatters by about 6 %,
// and so do the levels that occur; twice that is allowed.
TEST(CrewSource, AnnouncesWhatNormalWeightsTake) {
  for (const int bits : {5, 8}) {
    const LayerShape shape = crew_linear(200, 300);
    const SourceCard card = crew_card(fmt::format(", bits: {}", bits));
    const std::vector<StoredStream> announced = stored_streams(card, shape);
    const ArrayCode code = code_array(card, shape, crew_weights(shape, Tail::normal));
    for (std::size_t s = 0; s < 4; ++s)
      EXPECT_NEAR(
          static_cast<double>(code.streams[s].count) / static_cast<double>(announced[s].count), 1,
          0.12)
          << bits << announced[s].name;
  }
}

TEST(CrewSource, MergingStaysWithinItsBudgetAndSavesBits) {
  const LayerShape shape = crew_linear(100, 128);
  const std::vector<float> dense = crew_weights(shape, Tail::heavy);
  const auto at = [&](const char* more) { return code_array(crew_card(more), shape, dense); };
  const ArrayCode off = at(", bits: 6"), some = at(", bits: 6, crew: {budget: 0.001}"),
                  all = at(", bits: 6, crew: {budget: 1}");
  const auto added = [&](const ArrayCode& code) {
    double error = 0, signal = 0;
    for (std::size_t i = 0; i < dense.size(); ++i) {
      error += std::pow(double{code.decoded[i]} - off.decoded[i], 2);
      signal += std::pow(double{off.decoded[i]}, 2);
    }
    return error / signal;
  };
  EXPECT_GT(added(some), 0.0005) << "the budget is used";
  EXPECT_LE(added(some), 0.001 * (1 + 1e-5));
  EXPECT_LT(some.bits_per_weight, off.bits_per_weight);
  EXPECT_LT(all.bits_per_weight, some.bits_per_weight);
  // Every index of every input lost a bit.
  EXPECT_EQ(all.streams[3].count, off.streams[3].count - shape.weights());
}

TEST(CrewSource, ReadsDamagedStreamsAsLevels) {
  const LayerShape shape = crew_linear(9, 20);
  const auto source = make_source(crew_card(), shape);
  source->encode(crew_weights(shape, Tail::heavy));
  const std::vector<CodedStream> good = source->codes();
  std::vector<float> right(180), weight(180);
  source->decode(good, right);
  float largest = 0;
  for (const float value : right) largest = std::max(largest, std::abs(value));
  for (std::size_t s = 0; s < 4; ++s)
    for (std::size_t w = 0; w < good[s].words.size(); ++w) {
      std::vector<CodedStream> damaged = good;
      damaged[s].words[w] ^= (1u << good[s].bits) - 1;
      source->decode(damaged, weight);
      for (const float value : weight) ASSERT_LE(std::abs(value), 1.2f * largest);
    }
  // A level that is wrong reaches the weights of its input alone.
  std::vector<CodedStream> damaged = good;
  damaged[2].words[0] ^= 1u;
  source->decode(damaged, weight);
  for (std::size_t i = 0; i < 180; ++i)
    if (i % 9 != 0) {
      ASSERT_EQ(weight[i], right[i]);
    }
  damaged = good;
  damaged[0].words.pop_back();
  EXPECT_THROW(source->decode(damaged, weight), Error);
}

TEST(CrewSource, RefusesWhatTheCodeDoesNotHave) {
  for (const char* good : {", bits: 2", ", bits: 8, fc_bits: 4", ", crew: {budget: 0.5}"})
    EXPECT_NO_THROW(crew_card(good)) << good;
  for (const char* bad :
       {", bits: 1", ", bits: 9", ", fc_bits: 1", ", crew: {budget: -1}", ", crew: {range: half}"})
    EXPECT_THROW(crew_card(bad), Error) << bad;
}

}  // namespace
}  // namespace lightloom::nn
