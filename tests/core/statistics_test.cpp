#include "core/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"

namespace lightloom {
namespace {

TEST(Summary, MatchesItsDefinitions) {
  const std::vector<double> values{4, 1, 3, 2, 5};
  const Summary s = summarise(values);
  EXPECT_DOUBLE_EQ(s.mean, 3);
  EXPECT_NEAR(s.standard_deviation, std::sqrt(2.5), 1e-15);
  EXPECT_NEAR(s.standard_error, std::sqrt(0.5), 1e-15);
  EXPECT_DOUBLE_EQ(s.median, 3);
  EXPECT_DOUBLE_EQ(s.p25, 2);
  EXPECT_THROW(summarise({}), Error);
}

TEST(Summary, YieldHasTheIntervalOfWilson) {
  // 8 of 10: 0.4902 to 0.9433 (Newcombe, Statistics in Medicine 17, 857, 1998, method 3).
  const std::vector<double> values{1, 1, 1, 1, 1, 1, 1, 1, 3, 3};
  const Yield yield = yield_below(values, 2);
  EXPECT_DOUBLE_EQ(yield.fraction, 0.8);
  EXPECT_NEAR(yield.low, 0.4902, 5e-5);
  EXPECT_NEAR(yield.high, 0.9433, 5e-5);
  EXPECT_DOUBLE_EQ(yield_below(values, 0).low, 0);
}

/// Where the normal distribution reaches `share`.
double quantile(double share) {
  double low = -5, high = 5;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

TEST(NormalTest, KnowsTheTableOfKolmogorov) {
  // Five equal values x: the distance is the normal distribution at x, and Stephens' factor for
  // five of them is 2.4053. Points of the table (Smirnov 1948): 1.3581 at 5 %, 1.6276 at 1 %.
  for (const auto& [lambda, p] : {std::pair{1.3581, 0.05}, {1.6276, 0.01}}) {
    const double wanted = lambda / 2.40526;
    const NormalTest test = test_standard_normal(std::vector<double>(5, quantile(wanted)));
    EXPECT_NEAR(test.distance, wanted, 1e-9);
    EXPECT_NEAR(test.p_value, p,
                1e-4 * lambda);  // the table's last digit times the slope 4 lambda p
  }
  EXPECT_EQ(test_standard_normal({0}).distance, 0.5);
  EXPECT_EQ(test_standard_normal({0}).count, 1u);
}

// Two coins of one kind: (1 + 1 + 2 + 2) / 4 sides are seen.
TEST(DistinctValues, AreThoseThatAreNotMissing) {
  const std::vector<double> coin{0.5, 0.5}, die(6, 1.0 / 6), certain{0, 1, 0};
  EXPECT_EQ(distinct_values(coin, 2), 1.5);
  EXPECT_NEAR(distinct_values(die, 6), 6 * (1 - std::pow(5.0 / 6, 6)), 1e-12);
  EXPECT_NEAR(distinct_values(die, 1), 1, 1e-12);
  EXPECT_NEAR(distinct_values(die, 1000), 6, 1e-12);
  EXPECT_EQ(distinct_values(certain, 100), 1);
  EXPECT_EQ(distinct_values(die, 0), 0);
}

}  // namespace
}  // namespace lightloom
