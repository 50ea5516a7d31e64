#include "nn/weights/binary/tiled_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard tiled_card(const std::string& keys = "", const std::string& more = "") {
  return read_card<SourceCard>(
      parse_yaml("{source: tiled, tiled: {" + keys + "}" + more + "}", "test"));
}

LayerShape tiled_conv(int in, int out, int groups = 1) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = 3,
          .kernel_width = 3,
          .groups = groups};
}

std::vector<float> tiled_normals(std::int64_t count, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 8, .purpose = Purpose::test}), shot, values);
  return values;
}

/// The published rule, run by run.
std::vector<double> tiled_by_hand(const std::vector<float>& scores, std::size_t runs) {
  const std::size_t length = scores.size() / runs;
  std::vector<double> weight(scores.size());
  for (std::size_t r = 0; r < runs; ++r) {
    double magnitude = 0;
    for (std::size_t j = 0; j < length; ++j) magnitude += std::abs(scores[r * length + j]);
    magnitude /= static_cast<double>(length);
    for (std::size_t j = 0; j < length; ++j) {
      double sum = 0;
      for (std::size_t other = 0; other < runs; ++other) sum += scores[other * length + j];
      weight[r * length + j] = magnitude * (sum < 0 ? -1 : 1);
    }
  }
  return weight;
}

TEST(Tiled, SumsTheRunsAndScalesEachByItsMeanMagnitude) {
  const LayerShape shape = tiled_conv(5, 12);
  for (const int repeats : {1, 2, 4, 12}) {
    const auto source = make_source(tiled_card(fmt::format("repeats: {}", repeats)), shape);
    const std::vector<float> scores = tiled_normals(shape.weights());
    source->encode(scores);
    std::vector<float> weight(scores.size());
    source->materialise(weight);
    const auto by_hand = tiled_by_hand(scores, static_cast<std::size_t>(repeats));
    for (std::size_t i = 0; i < weight.size(); ++i) ASSERT_NEAR(weight[i], by_hand[i], 1e-6) << i;
  }
}

// Rows repeat exactly, up to the factor of their run.
TEST(Tiled, RowsRepeatExactly) {
  const LayerShape shape = tiled_conv(5, 12);
  for (const char* scale : {"magnitude", "nearest"}) {
    const auto source = make_source(tiled_card(fmt::format("repeats: 3, scale: {}", scale)), shape);
    source->encode(tiled_normals(shape.weights()));
    std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
    source->materialise(weight);
    ASSERT_EQ(source->row_repeats(), 3);
    const std::size_t run = weight.size() / 3;
    for (std::size_t i = run; i < weight.size(); ++i) {
      const float factor = weight[i / run * run] / weight[0];
      ASSERT_EQ(weight[i], factor * weight[i % run]);
    }
  }
}

TEST(Tiled, ASumOfZeroIsPositiveInWeightsAndWords) {
  const LayerShape shape = tiled_conv(1, 2);
  const auto source = make_source(tiled_card("repeats: 2"), shape);
  std::vector<float> scores(18, 1.0f), weight(18);
  for (std::size_t j = 9; j < 18; ++j) scores[j] = -1;
  source->encode(scores);
  source->materialise(weight);
  EXPECT_EQ(weight, std::vector<float>(18, 1.0f));
  EXPECT_EQ(source->codes()[0].words, std::vector<std::uint32_t>(9, 1u));
}

// For signs b the error of a run is least at a = mean s b: its derivative is zero there.
TEST(Tiled, TheNearestScaleLeavesAnErrorOrthogonalToItsRun) {
  const LayerShape shape = tiled_conv(7, 8);
  const auto source = make_source(tiled_card("repeats: 4, scale: nearest"), shape);
  const std::vector<float> scores = tiled_normals(shape.weights());
  source->encode(scores);
  std::vector<float> weight(scores.size());
  source->materialise(weight);
  const std::size_t run = weight.size() / 4;
  double published = 0, nearest = 0;
  const auto by_hand = tiled_by_hand(scores, 4);
  for (std::size_t r = 0; r < 4; ++r) {
    double along = 0, squares = 0;
    for (std::size_t i = r * run; i < (r + 1) * run; ++i) {
      along += (double{scores[i]} - weight[i]) * weight[i];
      squares += double{weight[i]} * weight[i];
      published += std::pow(scores[i] - by_hand[i], 2);
      nearest += std::pow(double{scores[i]} - weight[i], 2);
    }
    EXPECT_NEAR(along, 0, 1e-5 * squares);
  }
  EXPECT_LT(nearest, published);
}

// Normal scores of unit variance: E|s| = sqrt(2/pi), and E[s sign(sum)] is that over sqrt(p). So
// the relative squared errors are 1 - 2/(pi p), and 1 + 2/pi (1 - 2/sqrt(p)). The standard error of
// such a mean over n weights is below 2/sqrt(n).
TEST(Tiled, HasTheErrorOnNormalWeightsThatTheirLawGives) {
  const LayerShape shape = tiled_conv(64, 64);
  const std::vector<float> scores = tiled_normals(shape.weights());
  const double pi = std::acos(-1.0), bound = 4 * 2 / std::sqrt(static_cast<double>(scores.size()));
  for (const int p : {1, 4, 16})
    for (const bool nearest : {false, true}) {
      const auto source = make_source(
          tiled_card(fmt::format("repeats: {}{}", p, nearest ? ", scale: nearest" : "")), shape);
      source->encode(scores);
      std::vector<float> weight(scores.size());
      source->materialise(weight);
      double error = 0, all = 0;
      for (std::size_t i = 0; i < weight.size(); ++i) {
        error += std::pow(double{scores[i]} - weight[i], 2);
        all += double{scores[i]} * scores[i];
      }
      const double law =
          nearest ? 1 - 2 / (pi * p) : 1 + 2 / pi * (1 - 2 / std::sqrt(static_cast<double>(p)));
      EXPECT_NEAR(error / all, law, bound) << p << (nearest ? " nearest" : "");
    }
}

TEST(Tiled, AScaleBelowZeroIsHeldAtZero) {
  const LayerShape shape = tiled_conv(1, 2);
  const auto source = make_source(tiled_card("repeats: 2, scale: nearest"), shape);
  std::vector<float> scores(18, 2.0f), weight(18);
  for (std::size_t j = 9; j < 18; ++j) scores[j] = -1;  // the first run has the say
  source->encode(scores);
  source->materialise(weight);
  for (std::size_t i = 0; i < 18; ++i) EXPECT_EQ(weight[i], i < 9 ? 2.0f : 0.0f);
  source->backward(std::vector<float>(18, 1.0f));
  // Straight through: 2 (of the first run, its magnitude), and 9 / 9 through that magnitude.
  const std::vector<float>& gradient = source->parameters()[0]->gradient;
  for (std::size_t i = 0; i < 18; ++i) EXPECT_EQ(gradient[i], i < 9 ? 3.0f : 2.0f);
}

// d s_rj = sum_q a_q g_qj through the sign, and the derivative of a_r by s_rj times sum_j b_j g_rj.
TEST(Tiled, GradientsGoStraightThroughTheSignAndAsTheyAreThroughTheMagnitude) {
  const LayerShape shape = tiled_conv(3, 6);
  const std::size_t runs = 3, length = 2 * 3 * 9;
  for (const bool nearest : {false, true}) {
    const auto source =
        make_source(tiled_card(nearest ? "repeats: 3, scale: nearest" : "repeats: 3"), shape);
    const std::vector<float> scores = tiled_normals(shape.weights()),
                             g = tiled_normals(shape.weights(), 1);
    source->encode(scores);
    std::vector<float> weight(scores.size());
    source->materialise(weight);
    source->backward(g);
    source->backward(g);  // gradients add
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const std::size_t r = i / length, j = i % length;
      double expected = 0, along = 0;
      for (std::size_t q = 0; q < runs; ++q)
        expected += std::abs(weight[q * length + j]) * g[q * length + j];
      for (std::size_t l = 0; l < length; ++l)
        along += (weight[r * length + l] < 0 ? -1 : 1) * g[r * length + l];
      const double side = nearest ? weight[i] : scores[i];
      expected += (side < 0 ? -1 : 1) * along / static_cast<double>(length);
      ASSERT_NEAR(source->parameters()[0]->gradient[i], 2 * expected, 1e-4) << i;
    }
  }
}

TEST(Tiled, RunsAreWholeOutputsAndSmallOrGroupedLayersHaveATileOfTheirOwn) {
  const auto repeats = [](const LayerShape& shape, const std::string& keys) {
    const int times = make_source(tiled_card(keys), shape)->row_repeats();
    const auto streams = stored_streams(tiled_card(keys), shape);
    EXPECT_EQ(streams[0].count * times, shape.weights());
    EXPECT_EQ(streams[0].bits, 1);
    EXPECT_EQ(streams[1].count, times);
    return times;
  };
  EXPECT_EQ(repeats(tiled_conv(4, 16), ""), 4);
  EXPECT_EQ(repeats(tiled_conv(4, 16), "repeats: 32"), 16);
  EXPECT_EQ(repeats(tiled_conv(4, 10), "repeats: 4"), 2);
  EXPECT_EQ(repeats(tiled_conv(4, 7), "repeats: 4"), 1);
  EXPECT_EQ(repeats(tiled_conv(4, 16), "minimum: 577"), 1);
  EXPECT_EQ(repeats(tiled_conv(4, 16), "minimum: 576"), 4);
  EXPECT_EQ(repeats(tiled_conv(4, 16, 2), ""), 1);
  const LayerShape linear{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 29, .out_channels = 10};
  EXPECT_EQ(repeats(linear, "repeats: 5"), 5);
  EXPECT_EQ(stored_streams(tiled_card("", ", fc_bits: 8"), linear)[0].name, "weight");
}

TEST(Tiled, StoresOneBitOfEachRepeatedWeightAndAScaleOfEachRun) {
  // 5 x 12 x 9 = 540 weights in 4 runs: 135 bits, 17 bytes; 4 scales of 4 bytes.
  const Ratio ratio =
      ratio_of({.name = "one", .layers = {tiled_conv(5, 12)}}, tiled_card("repeats: 4"));
  EXPECT_EQ(ratio.memory_bits, 135);
  EXPECT_EQ(ratio.complete_bits, 8 * (17 + 16));
  EXPECT_EQ(make_source(tiled_card(), tiled_conv(5, 12))->work(), RegenerationWork{});
}

// One flipped bit of the tile turns the sign of one weight of every run.
TEST(Tiled, AFlippedBitChangesOneWeightOfEveryRun) {
  const LayerShape shape = tiled_conv(5, 12);
  const auto source = make_source(tiled_card("repeats: 4"), shape);
  source->encode(tiled_normals(shape.weights()));
  std::vector<float> weight(static_cast<std::size_t>(shape.weights())), damaged(weight.size());
  source->materialise(weight);
  std::vector<CodedStream> codes = source->codes();
  codes[0].words[31] ^= 1u;
  source->decode(codes, damaged);
  for (std::size_t i = 0; i < weight.size(); ++i)
    ASSERT_EQ(damaged[i], i % 135 == 31 ? -weight[i] : weight[i]);
  codes[1].words.pop_back();
  EXPECT_THROW(source->decode(codes, damaged), Error);
  codes.pop_back();
  EXPECT_THROW(source->decode(codes, damaged), Error);
}

TEST(Tiled, ReadsItsCardAndRefusesNonsense) {
  for (const char* keys : {"repeats: 0", "repeats: 65537", "minimum: -1", "scale: fitted", "p: 4"})
    EXPECT_THROW(tiled_card(keys), Error) << keys;
  EXPECT_THROW(tiled_card("", ", bits: 2"), Error);
}

}  // namespace
}  // namespace lightloom::nn
