#include "nn/ops/quantise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

std::vector<float> spread_normals(std::size_t count, float spread, std::uint64_t shot = 0) {
  std::vector<float> values(count);
  fill_normal(Stream({.seed = 11, .purpose = Purpose::test}), shot, values);
  for (float& value : values) value *= spread;
  return values;
}

struct Quantised {
  std::vector<float> squashed, levels, values;
  DorefaScale scale;
};

Quantised quantise(const std::vector<float>& x, int bits) {
  Quantised q{.squashed = std::vector<float>(x.size()), .levels = std::vector<float>(x.size())};
  q.scale = dorefa_forward(x, bits, q.squashed, q.levels);
  for (const float level : q.levels) q.values.push_back(q.scale.scale * level);
  return q;
}

std::vector<float> gradient(const Quantised& q, const std::vector<float>& d_out) {
  std::vector<float> d_x(d_out.size());
  dorefa_backward(q.squashed, q.scale, d_out, d_x);
  return d_x;
}

TEST(Tanh, IsTheLibrarysInDoublePrecisionRounded) {
  std::vector<float> x{0.0f, -0.0f, 1e-30f, 1e-4f, 8.99f, 9.1f, 50.0f, -50.0f};
  for (float value = 1e-6f; value < 12.0f; value *= 1.0003f) x.insert(x.end(), {value, -value});
  std::vector<float> t(x.size());
  tanh_of(x, t);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(t[i], static_cast<float>(std::tanh(static_cast<double>(x[i])))) << x[i];
  EXPECT_TRUE(std::signbit(t[1]));
}

TEST(Tanh, KeepsANan) {
  std::vector<float> x(17, std::numeric_limits<float>::quiet_NaN()), t(17);
  tanh_of(x, t);
  for (const float value : t) EXPECT_TRUE(std::isnan(value));
}

TEST(Tanh, GivesTheSameBitsWhereverAnElementStands) {
  const std::vector<float> x = spread_normals(1033, 1.0f);
  std::vector<float> whole(x.size()), one(1);
  tanh_of(x, whole);
  for (std::size_t i = 0; i < x.size(); ++i) {
    tanh_of(std::span(x).subspan(i, 1), one);
    ASSERT_EQ(one[0], whole[i]);
  }
}

TEST(Dorefa, LevelsAreTheOddIntegersAndZeroIsNone) {
  for (const int bits : {2, 3, 4, 8}) {
    const Quantised q = quantise(spread_normals(20011, 1.0f), bits);
    const std::set<float> seen(q.levels.begin(), q.levels.end());
    const int top = (1 << bits) - 1;
    EXPECT_EQ(static_cast<int>(seen.size()), top + 1) << bits << " bits";
    EXPECT_EQ(*seen.begin(), static_cast<float>(-top));
    EXPECT_EQ(*seen.rbegin(), static_cast<float>(top));
    for (const float level : seen) EXPECT_EQ(std::abs(std::fmod(level, 2.0f)), 1.0f);
  }
}

TEST(Dorefa, FollowsThePublishedFormula) {
  const std::vector<float> x = spread_normals(517, 0.4f);
  for (const int bits : {2, 5, 8, 15, 31}) {
    const Quantised q = quantise(x, bits);
    double range = 0;
    for (const float value : x) range = std::max(range, std::abs(std::tanh(double{value})));
    const double top = std::exp2(bits) - 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double p = std::nearbyint((std::tanh(double{x[i]}) / (2 * range) + 0.5) * top) / top;
      EXPECT_NEAR(q.values[i], 2 * range * p - range, 1e-6) << bits;
    }
  }
}

TEST(Dorefa, PutsEveryWeightOnTheLevelOfTheExactFormula) {
  // In single precision one in some 200,000 lands beside it, and not the same one everywhere.
  const std::vector<float> x = spread_normals(1'000'000, 0.4f);
  for (const int bits : {6, 8}) {
    const Quantised q = quantise(x, bits);
    const long double top = std::exp2(bits) - 1, range = q.scale.range;
    std::size_t beside = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double t = static_cast<float>(std::tanh(double{x[i]}));
      const long double level = 2 * std::nearbyint((t / (2 * range) + 0.5L) * top) - top;
      beside += static_cast<long double>(q.levels[i]) != level ? 1U : 0U;
    }
    EXPECT_EQ(beside, 0u) << bits << " bits";
  }
}

TEST(Dorefa, ZeroLiesOnAMidpointAndGoesToTheEvenNeighbour) {
  // The only exact midpoint: (2^b - 1) / 2, whose even neighbour is 2^(b - 1), level +1.
  for (const int bits : {2, 3, 8}) EXPECT_EQ(quantise({0.0f, 0.5f, -0.5f}, bits).levels[0], 1.0f);
}

TEST(Dorefa, OneBitIsTheSignTimesTheMeanMagnitude) {
  const Quantised q = quantise({0.5f, -1.5f, 0.0f, 2.0f}, 1);
  EXPECT_FLOAT_EQ(q.scale.scale, 1.0f);
  EXPECT_EQ(q.levels, (std::vector<float>{1, -1, 0, 1}));
}

TEST(Dorefa, ThirtyTwoBitsStretchToOne) {
  const Quantised q = quantise({0.1f, -0.3f, 0.2f}, 32);
  EXPECT_FLOAT_EQ(q.values[1], -1.0f);
  EXPECT_NEAR(q.values[0], std::tanh(0.1) / std::tanh(0.3), 1e-6);
}

TEST(Dorefa, AnAllZeroTensorStaysZeroAndStillLearns) {
  for (const int bits : {1, 4, 31, 32}) {
    const Quantised q = quantise(std::vector<float>(5, 0.0f), bits);
    for (const float value : q.values) EXPECT_EQ(value, 0.0f);
    for (const float d : gradient(q, std::vector<float>(5, 0.25f))) EXPECT_EQ(d, 0.25f);
  }
}

TEST(Dorefa, BackwardIsTheClampedStraightThroughRule) {
  const std::vector<float> x = spread_normals(301, 0.7f);
  const std::vector<float> g = spread_normals(301, 1.5f, 1);
  const Quantised q = quantise(x, 4);
  const std::vector<float> d = gradient(q, g);
  int clamped = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double two_r = 2.0 * q.scale.range, t = std::tanh(double{x[i]});
    clamped += std::abs(two_r * g[i]) > 1;
    EXPECT_NEAR(d[i], std::clamp(two_r * g[i], -1.0, 1.0) / two_r * (1 - t * t), 1e-6);
  }
  EXPECT_GT(clamped, 10);
  EXPECT_LT(clamped, 290);
}

TEST(Dorefa, OneBitBackwardClampsInUnitsOfTheMean) {
  const Quantised q = quantise({0.5f, -1.5f, 0.25f}, 1);
  const std::vector<float> d = gradient(q, {0.2f, 30.0f, -30.0f});
  EXPECT_FLOAT_EQ(d[0], 0.2f);
  EXPECT_FLOAT_EQ(d[1], 1.0f / 0.75f);
  EXPECT_FLOAT_EQ(d[2], -1.0f / 0.75f);
}

TEST(Dorefa, ThirtyTwoBitBackwardIsTheExactDerivativeWithTheMaximum) {
  std::vector<float> x{0.2f, -0.9f, 0.4f, 0.05f};
  const std::vector<float> g{0.3f, -0.7f, 1.1f, 0.2f};
  const std::vector<float> d = gradient(quantise(x, 32), g);
  const auto loss = [&](std::size_t at, double shift) {
    double largest = 0, sum = 0;
    const auto t = [&](std::size_t i) { return std::tanh(double{x[i]} + (i == at ? shift : 0)); };
    for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(t(i)));
    for (std::size_t i = 0; i < x.size(); ++i) sum += g[i] * t(i) / largest;
    return sum;
  };
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(d[i], (loss(i, 1e-5) - loss(i, -1e-5)) / 2e-5, 1e-5) << i;
}

TEST(Integer, CodesAreSymmetricAndTheLargestIsReached) {
  const std::vector<float> x = spread_normals(4001, 0.1f);
  for (const int bits : {2, 3, 4, 8}) {
    std::vector<float> levels(x.size());
    const float scale = integer_forward(x, bits, 1.0f, levels);
    const float top = static_cast<float>((1 << (bits - 1)) - 1);
    float largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      largest = std::max(largest, std::abs(levels[i]));
      EXPECT_LE(std::abs(scale * levels[i] - x[i]), 0.5001f * scale);
    }
    EXPECT_EQ(largest, top);
  }
}

TEST(Integer, RoundsHalfToEven) {
  const std::vector<float> x{127.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f};
  std::vector<float> levels(x.size());
  EXPECT_EQ(integer_forward(x, 8, 1.0f, levels), 1.0f);
  EXPECT_EQ(levels, (std::vector<float>{127, 0, 2, 2, -0.0f, -2}));
}

/// Signal-to-quantisation-noise ratio in dB of clipped symmetric integers on a Gaussian.
double sqnr_db(int bits) {
  const std::vector<float> x = spread_normals(576 * 200, 0.059f);
  double signal = 0, noise = 0;
  for (std::size_t block = 0; block < 200; ++block) {
    const std::span<const float> part = std::span(x).subspan(block * 576, 576);
    std::vector<float> levels(576);
    const float scale = integer_forward(part, bits, best_clip(part, bits), levels);
    for (std::size_t i = 0; i < part.size(); ++i) {
      signal += part[i] * part[i];
      noise += std::pow(scale * levels[i] - part[i], 2);
    }
  }
  return 10 * std::log10(signal / noise);
}

TEST(Integer, ClippedCodesReachTheKnownNoiseOnGaussianWeights) {
  // Independent figures for one scale per 576 weights: INT3 13.4, INT4 19.1, INT8 42.4 dB. Theirs
  // are means of dB or ratios of means over other draws: 0.2 dB.
  EXPECT_NEAR(sqnr_db(3), 13.4, 0.2);
  EXPECT_NEAR(sqnr_db(4), 19.1, 0.2);
  EXPECT_NEAR(sqnr_db(8), 42.4, 0.3);
}

TEST(ActivationQuantiser, MovesItsRangeByOnePercent) {
  ActivationRange range;
  const std::vector<float> first{-1.0f, 3.0f}, second{-2.0f, 5.0f};
  observe(first, range);
  EXPECT_EQ(range.low, -1.0f);
  EXPECT_EQ(range.high, 3.0f);
  observe(second, range);
  EXPECT_FLOAT_EQ(range.low, -1.01f);
  EXPECT_FLOAT_EQ(range.high, 3.02f);
}

TEST(ActivationQuantiser, KeepsZeroExactAndSaturates) {
  ActivationRange range{.low = 0.5f, .high = 2.0f, .seen = true};  // widened to contain zero
  std::vector<float> x{0.0f, -1.0f, 9.0f, 1.0f};
  quantise_activation(x, 8, range);
  EXPECT_EQ(x[0], 0.0f);
  EXPECT_EQ(x[1], 0.0f);
  EXPECT_FLOAT_EQ(x[2], 2.0f);
  EXPECT_NEAR(x[3], 1.0f, 0.5 * 2.0 / 255 + 1e-6);
}

TEST(ActivationQuantiser, HasTwoToTheBitsLevels) {
  std::vector<float> x = spread_normals(20011, 1.0f);
  ActivationRange range;
  observe(x, range);
  quantise_activation(x, 4, range);
  EXPECT_EQ(std::set<float>(x.begin(), x.end()).size(), 16u);
}

TEST(ActivationQuantiser, LeavesValuesAloneBeforeItHasSeenAny) {
  std::vector<float> x = spread_normals(9, 1.0f);
  const std::vector<float> before = x;
  quantise_activation(x, 8, {});
  EXPECT_EQ(x, before);
}

}  // namespace
}  // namespace lightloom::nn
