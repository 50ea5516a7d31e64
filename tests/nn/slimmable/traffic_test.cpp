// Bytes moved, against closed forms written out.
#include "nn/slimmable/traffic.hpp"

#include <gtest/gtest.h>

#include "tests/nn/slimmable/small_slim.hpp"

namespace lightloom::nn {
namespace {

SourceCard eight_bits() { return {.source = "integer", .bits = 8, .settings = {}, .layers = {}}; }

/// Words of the layers behind the trunk of 4 channels: b1 and b0 read it, b2 and fc what they make.
std::int64_t words_behind(std::int64_t channels) {
  return channels * 4 * 9 + channels * 4 + channels * channels * 9 + 4 * channels;
}

TEST(SlimTraffic, OfWordsIsTheClosedFormOfEveryWidth) {
  const SlimmableNetwork slim(slim_graph(), eight_bits(), slim_card(true), 5);
  const SlimTraffic traffic = slim_traffic(slim, nullptr);
  EXPECT_EQ(traffic.trunk, 8 * (4 * 9 + 4 * 4 * 9) + 2 * 32 + 2 * 4 * 4 * 32);
  for (std::size_t w = 0; w < 4; ++w) {
    const std::int64_t channels = 4 * (static_cast<std::int64_t>(w) + 1);
    // Four scales, four biases, three normalisations.
    EXPECT_EQ(traffic.slices[w],
              8 * words_behind(channels) + 32 * 4 + 32 * 4 + 3 * 2 * 32 * channels);
    EXPECT_EQ(traffic.statistics[w], 3 * 2 * 32 * channels);
    EXPECT_EQ(traffic.alone(w), traffic.trunk + traffic.slices[w] + traffic.statistics[w]);
  }
  EXPECT_EQ(traffic.stored(), traffic.trunk + traffic.slices[3] + 3 * 2 * 32 * (4 + 8 + 12 + 16));
}

/// traffic(rho) = base + rho factors for two-level weights, rho^2 for dense: sliced on both sides.
TEST(SlimTraffic, OfTwoLevelWordsKeepsTheBaseAndSharesTheFactors) {
  SlimCard card = slim_card(false);
  const SlimmableNetwork slim(slim_graph(), slim_two_level(), card, 5);
  const auto layer_bits = [&](std::size_t w) {
    return bits_of(slim.network(w).weight_layers()[4].source->streams());  // b2: 16 x 16 x 3 x 3
  };
  const std::int64_t base = 4 * 5 * 2 * 9 + 32, factors = 4 * (5 * 16 * 2 + 16 * 5);
  for (std::size_t w = 0; w < 4; ++w)
    EXPECT_EQ(layer_bits(w), base + (static_cast<std::int64_t>(w) + 1) * factors / 4);
  const SlimmableNetwork dense(slim_graph(), eight_bits(), card, 5);
  for (std::size_t w = 0; w < 4; ++w) {
    const auto quarter = static_cast<std::int64_t>(w) + 1;
    EXPECT_EQ(bits_of(dense.network(w).weight_layers()[4].source->streams()),
              8 * 16 * 16 * 9 * quarter * quarter / 16 + 32);
  }
}

TEST(SlimTraffic, OfOneImageAtATimeIsTheSumOverTheHistogram) {
  const SlimmableNetwork slim(slim_graph(), eight_bits(), slim_card(true), 5);
  const WidthGate gate({.channels = 4, .hidden = 5, .choices = 4}, 2);
  const SlimTraffic traffic = slim_traffic(slim, &gate);
  const std::vector<std::size_t> widths{0, 3, 1, 0, 0, 2, 3};
  EXPECT_EQ(histogram(widths, 4), (std::vector<std::int64_t>{3, 1, 1, 2}));
  double sum = 0;
  for (std::size_t w = 0; w < 4; ++w)
    sum += static_cast<double>(histogram(widths, 4)[w]) / 7 * static_cast<double>(traffic.alone(w));
  EXPECT_NEAR(mean_traffic(traffic, widths, 1), sum, 1e-9 * sum);
  EXPECT_EQ(traffic.gate, gate.bits());
}

TEST(SlimTraffic, OfAMixedBatchIsTheUnionOfItsSlices) {
  const SlimmableNetwork slim(slim_graph(), eight_bits(), slim_card(true), 5);
  const SlimTraffic traffic = slim_traffic(slim, nullptr);
  EXPECT_EQ(traffic.batch(std::vector<std::size_t>{1, 1, 1}), traffic.alone(1)) << "loaded once";
  EXPECT_EQ(traffic.batch(std::vector<std::size_t>{0, 2, 0}),
            traffic.alone(2) + traffic.statistics[0])
      << "the narrower slice is in the wider one, its statistics are not";
  EXPECT_EQ(traffic.batch({}), 0);
  const std::vector<std::size_t> widths{0, 2, 3, 0, 1};  // batches of 2: {0, 2}, {3, 0}, {1}
  EXPECT_EQ(mean_traffic(traffic, widths, 2),
            static_cast<double>(traffic.alone(2) + traffic.statistics[0] + traffic.alone(3) +
                                traffic.statistics[0] + traffic.alone(1)) /
                5);
}

TEST(SlimTraffic, OfTheWidestIsThatOfTheNetworkAlone) {
  const SlimmableNetwork slim(slim_graph(), slim_two_level(), slim_card(true), 5);
  EXPECT_EQ(slim_traffic(slim, nullptr).alone(3), network_bits(slim.whole()));
}

}  // namespace
}  // namespace lightloom::nn
