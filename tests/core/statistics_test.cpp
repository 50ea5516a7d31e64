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

}  // namespace
}  // namespace lightloom
