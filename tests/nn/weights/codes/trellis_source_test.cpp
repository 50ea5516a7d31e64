#include "nn/weights/codes/trellis_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/array_code.hpp"
#include "nn/weights/source_card.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

SourceCard trellis_card(const std::string& more = "") {
  return read_card<SourceCard>(parse_yaml("{source: trellis" + more + "}", "test"));
}

LayerShape coded_layer(int in, int out, int kernel) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel};
}

enum class Law { normal, laplace };

std::vector<float> coded_weights(const LayerShape& shape, Law law = Law::normal) {
  const Stream stream({.seed = 12, .purpose = Purpose::test});
  std::vector<float> values;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(shape.weights()); ++i) {
    const double u = stream.uniform(i) - 0.5;
    values.push_back(static_cast<float>(
        0.03 *
        (law == Law::normal ? stream.normal(i) : std::copysign(std::log(1 - 2 * std::abs(u)), u))));
  }
  return values;
}

TEST(TrellisSource, StoresItsBitsAWeightAndOneScaleALayer) {
  for (const int bits : {1, 2, 3, 4}) {
    const LayerShape shape = coded_layer(13, 11, 3);
    const SourceCard card = trellis_card(fmt::format(", bits: {}", bits));
    const ArrayCode code = code_array(card, shape, coded_weights(shape));
    EXPECT_EQ(code.bits_per_weight, bits);
    ASSERT_EQ(code.streams.size(), 2u);
    EXPECT_EQ(code.streams[0].count, 13 * 11 * 9);
    EXPECT_FALSE(code.streams[1].in_ratio);
    const double bytes = std::ceil(13 * 11 * 9 * bits / 8.0) + 4;
    EXPECT_DOUBLE_EQ(code.complete_bits_per_weight, 8 * bytes / (13 * 11 * 9));
  }
}

// 4096 weights scatter by 0.1 dB; the scale is searched, which gains up to 0.1 dB at one bit and
// 0.3 dB at four over the scale of the figures.
TEST(TrellisSource, ReachesTheErrorOfTheCodeAtAnyScaleOfWeights) {
  const LayerShape shape = coded_layer(64, 64, 1);
  std::vector<float> dense = coded_weights(shape);
  const auto sqnr = [&](const char* more) {
    return code_array(trellis_card(more), shape, dense).sqnr_db;
  };
  EXPECT_NEAR(sqnr(""), 11.3, 0.15);
  EXPECT_NEAR(sqnr(", bits: 1"), 5.7, 0.2);
  EXPECT_NEAR(sqnr(", bits: 4"), 23.0, 0.3);
  EXPECT_NEAR(sqnr(", state_bits: 8"), 10.75, 0.15);
  const ArrayCode code = code_array(trellis_card(), shape, dense);
  for (float& value : dense) value *= 0x1p-9f;
  const ArrayCode small = code_array(trellis_card(), shape, dense);
  for (std::size_t i = 0; i < dense.size(); ++i)
    ASSERT_EQ(small.decoded[i], code.decoded[i] * 0x1p-9f) << "a power of two changes no word";
}

// Mixed weights of any law are as good as normal ones; on peaked ones that is half a decibel.
TEST(TrellisSource, TheTransformMakesPeakedWeightsAsGoodAsNormalOnes) {
  const LayerShape shape = coded_layer(64, 64, 1);
  const std::vector<float> peaked = coded_weights(shape, Law::laplace);
  const double plain = code_array(trellis_card(), shape, peaked).sqnr_db;
  const double mixed = code_array(trellis_card(", transform: hadamard"), shape, peaked).sqnr_db;
  EXPECT_NEAR(mixed, 11.3, 0.15);
  EXPECT_GT(mixed, plain + 0.3);
}

TEST(TrellisSource, CountsOneMultiplicationAndThreeAdditionsAWeight) {
  const LayerShape shape = coded_layer(3, 7, 3);
  const RegenerationWork plain = make_source(trellis_card(), shape)->work();
  EXPECT_EQ(plain, (RegenerationWork{.cross_macs = 189, .adds = 567, .mac_bits = 32}));
  const RegenerationWork mixed = make_source(trellis_card(", transform: hadamard"), shape)->work();
  EXPECT_EQ(mixed.adds, 567 + mixing_adds({7, 27}));
  EXPECT_EQ(mixed.sum_bits, 16);
  EXPECT_EQ(mixed.mac_bits, 32);
}

// With 12 bits of state and 2 a weight a bit is in the states of six weights.
TEST(TrellisSource, ADamagedBitReachesTheWeightsWhoseStatesItIsIn) {
  const LayerShape shape = coded_layer(10, 61, 1);  // two rings of 305
  const auto source = make_source(trellis_card(), shape);
  source->encode(coded_weights(shape));
  std::vector<CodedStream> coded = source->codes();
  std::vector<float> right(610), wrong(610);
  source->decode(coded, right);
  for (const std::size_t at : {0u, 100u, 304u, 305u, 609u})
    for (const std::uint32_t flip : {1u, 2u}) {
      coded[0].words[at] ^= flip;
      source->decode(coded, wrong);
      coded[0].words[at] ^= flip;
      const std::size_t ring = at < 305 ? 0 : 305;
      for (std::size_t i = 0; i < 610; ++i) {
        const bool near = i >= ring && i < ring + 305 && (i + 305 - at) % 305 < 6;
        EXPECT_TRUE(near || wrong[i] == right[i]) << at << " " << i;
      }
      EXPECT_NE(wrong[at], right[at]);
    }
}

TEST(TrellisSource, GivesTheSameBitsOnAnyNumberOfThreads) {
  const LayerShape shape = coded_layer(17, 31, 3);
  const std::vector<float> dense = coded_weights(shape, Law::laplace);
  const int before = omp_get_max_threads();
  std::vector<std::vector<float>> decoded;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    decoded.push_back(code_array(trellis_card(", transform: hadamard"), shape, dense).decoded);
  }
  omp_set_num_threads(before);
  EXPECT_EQ(decoded[0], decoded[1]);
  EXPECT_EQ(decoded[0], decoded[2]);
}

TEST(TrellisSource, TakesLayersOfAnySizeAndWeightsThatAreAllZero) {
  for (const int weights : {1, 2, 3, 11, 255, 513}) {
    const LayerShape shape{.name = "fc", .kind = LayerShape::Kind::linear, .in_channels = weights};
    const auto source = make_source(trellis_card(", bits: 1, transform: hadamard"), shape);
    const auto size = static_cast<std::size_t>(weights);
    std::vector<float> zeros(size), weight(size, 7.0f);
    source->encode(zeros);
    source->materialise(weight);
    EXPECT_EQ(weight, zeros);
    const std::vector<float> dense = coded_weights(shape);
    source->encode(dense);
    source->materialise(weight);
    double signal = 0, error = 0;
    for (std::size_t i = 0; i < size; ++i) {
      signal += std::pow(double{dense[i]}, 2);
      error += std::pow(double{dense[i]} - weight[i], 2);
    }
    EXPECT_LE(error, signal * (1 + 1e-6)) << "the scale of least squares is never worse than zero";
  }
}

TEST(TrellisSource, TrainsADenseWeightThatIsCodedAnewAfterwards) {
  EXPECT_TRUE(is_projected(trellis_card()));
  EXPECT_FALSE(is_projected(read_card<SourceCard>(parse_yaml("source: integer", "test"))));
  const LayerShape shape = coded_layer(8, 8, 3);
  const auto source = make_source(trellis_card(), shape),
             other = make_source(trellis_card(), shape);
  source->encode(coded_weights(shape));
  ASSERT_EQ(source->parameters().size(), 1u);
  std::vector<float>& latent = source->parameters()[0]->value;
  source->set_step(TrainingStep{});
  for (std::size_t i = 0; i < latent.size(); ++i) latent[i] += 0.02f * static_cast<float>(i % 3);
  const std::vector<float> moved = latent;
  std::vector<float> weight(moved.size()), coded(moved.size());
  source->materialise(weight);
  EXPECT_EQ(weight, moved);
  source->set_step(std::nullopt);
  source->materialise(weight);
  other->encode(moved);
  other->materialise(coded);
  EXPECT_EQ(weight, coded);
  EXPECT_NE(weight, moved);
}

std::string trellis_problem(const std::string& more) {
  try {
    trellis_card(more);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(TrellisSource, RefusesWhatTheCodeDoesNotHave) {
  for (const char* good : {", bits: 1", ", bits: 4, fc_bits: 3", ", state_bits: 8",
                           ", state_bits: 16", ", transform: none"})
    EXPECT_EQ(trellis_problem(good), "") << good;
  for (const char* bad : {", bits: 0", ", bits: 5", ", fc_bits: 8", ", transform: fourier"})
    EXPECT_NE(trellis_problem(bad), "") << bad;
  for (const int state_bits : {0, 4, 10, 13, 17, 24})
    EXPECT_NE(trellis_problem(fmt::format(", state_bits: {}", state_bits)).find("8, 12 or 16"),
              std::string::npos)
        << state_bits;
}

TEST(TrellisSource, RefusesStreamsOfAnotherLayer) {
  const LayerShape shape = coded_layer(5, 6, 3);
  const auto source = make_source(trellis_card(), shape);
  source->encode(coded_weights(shape));
  std::vector<float> weight(270);
  const std::vector<CodedStream> good = source->codes();
  std::vector<CodedStream> bad = good;
  bad[0].words.pop_back();
  EXPECT_THROW(source->decode(bad, weight), Error);
  bad = good;
  bad[1].words.push_back(0);
  EXPECT_THROW(source->decode(bad, weight), Error);
  bad.pop_back();
  EXPECT_THROW(source->decode(bad, weight), Error);
}

}  // namespace
}  // namespace lightloom::nn
