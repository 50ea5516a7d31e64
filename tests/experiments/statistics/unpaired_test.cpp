#include "experiments/statistics/unpaired.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "experiments/statistics/spread.hpp"

namespace lightloom::experiments {
namespace {

TEST(Unpaired, DifferenceOfSharesIsNewcombesExample) {
  // Newcombe, Stat. Med. 17, 873 (1998), table II, method 10, without continuity correction:
  // 56/70 - 48/80 has 0.0524 to 0.3339.
  const auto share = [](double of, double all) {
    return Estimate{of / all, share_interval({.share = of / all, .trials = all})};
  };
  const EstimatedDifference found = independent_difference(share(56, 70), share(48, 80));
  EXPECT_NEAR(found.value, 0.2, 1e-12);
  EXPECT_NEAR(found.interval.low, 0.0524, 5e-5);
  EXPECT_NEAR(found.interval.high, 0.3339, 5e-5);
  EXPECT_LT(found.p, 0.05);
  const EstimatedDifference turned = independent_difference(share(48, 80), share(56, 70));
  EXPECT_DOUBLE_EQ(turned.interval.low, -found.interval.high);
  EXPECT_DOUBLE_EQ(turned.p, found.p);
}

TEST(Unpaired, PIsFivePercentWhereTheIntervalReachesZero) {
  const Estimate one{.value = 3, .interval = {1, 9}},
      other{.value = 0, .interval = {-1, std::sqrt(5)}};
  EXPECT_NEAR(independent_difference(one, other).interval.low, 0, 1e-15);
  EXPECT_NEAR(independent_difference(one, other).p, 0.05, 1e-12);
  EXPECT_NEAR(independent_difference(other, one).p, 0.05, 1e-12);
  EXPECT_EQ(independent_difference(one, one).p, 1);
  EXPECT_TRUE(std::isnan(independent_difference({1, {}}, one).p));
}

TEST(Unpaired, PairsAreStudentsOwnExample) {
  // Student, Biometrika 6, 1 (1908): additional hours of sleep by two drugs, t = 4.0621 with 9
  // degrees of freedom, p = 0.002833 (R: t.test(sleep, paired = TRUE)), interval 0.7001 to 2.4599.
  const std::vector<double> second{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0},
      first{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  const EstimatedDifference found = paired_difference(first, second);
  EXPECT_NEAR(found.value, 1.58, 1e-12);
  EXPECT_NEAR(found.interval.low, 0.7001142, 1e-7);
  EXPECT_NEAR(found.interval.high, 2.4598858, 1e-7);
  EXPECT_NEAR(found.p, 0.002833, 5e-7);
}

TEST(Unpaired, OnePairOrEqualDifferencesSayNothingOfOthers) {
  EXPECT_FALSE(paired_difference(std::vector{1.0}, std::vector{2.0}).interval.known());
  EXPECT_TRUE(std::isnan(paired_difference(std::vector{1.0, 2.0}, std::vector{2.0, 3.0}).p));
  EXPECT_THROW(paired_difference(std::vector{1.0}, std::vector{2.0, 3.0}), Error);
}

TEST(Unpaired, IntervalsOfIndependentSamplesHoldTheTruth) {
  // 2000 draws of 7 and 5 normal values, means 1 and 0.3: 95 % of the intervals hold 0.7, within
  // four standard errors of a share, and a hundredth for the unequal samples.
  const Stream normals({.seed = 5, .purpose = Purpose::resampling});
  const int draws = 2000;
  int held = 0;
  for (int d = 0; d < draws; ++d) {
    std::vector<double> a, b;
    for (std::uint64_t i = 0; i < 7; ++i)
      a.push_back(1 + normals.normal(i + 100 * static_cast<std::uint64_t>(d)));
    for (std::uint64_t i = 7; i < 12; ++i)
      b.push_back(0.3 + 2 * normals.normal(i + 100 * static_cast<std::uint64_t>(d)));
    const Spread of_a = spread_of(a), of_b = spread_of(b);
    const auto found = independent_difference({of_a.mean, {of_a.low, of_a.high}},
                                              {of_b.mean, {of_b.low, of_b.high}});
    if (found.interval.low <= 0.7 && 0.7 <= found.interval.high) ++held;
  }
  const double share = static_cast<double>(held) / draws;
  EXPECT_NEAR(share, 0.95, 4 * std::sqrt(0.95 * 0.05 / draws) + 0.01);
}

TEST(Unpaired, HolmAsksEachWithWhatTheSmallerOnesLeave) {
  // By hand: 0.05/4, 0.05/3, 0.05/2, 0.05/1 for the ordered ones, ending at the first that fails.
  const std::vector<double> p{0.03, 0.012, 0.016, std::nan(""), 0.2};
  EXPECT_EQ(holm_significant(p), (std::vector<bool>{false, true, true, false, false}));
  EXPECT_EQ(holm_significant(std::vector{0.013, 0.012, 0.016, 0.2}),
            (std::vector<bool>{true, true, true, false}));
  EXPECT_EQ(holm_significant(std::vector{0.0126, 0.9, 0.013, 0.9}),
            (std::vector<bool>{false, false, false, false}));
  EXPECT_TRUE(holm_significant({}).empty());
}

}  // namespace
}  // namespace lightloom::experiments
