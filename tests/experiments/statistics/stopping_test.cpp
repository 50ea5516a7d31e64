#include "experiments/statistics/stopping.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random/random.hpp"
#include "experiments/statistics/spread.hpp"

namespace lightloom::experiments {
namespace {

TEST(Stopping, AsksForTheLeastNumberAndAWidthOfStudentsInterval) {
  // 1, 2, 3, 4: mean 2.5, s = sqrt(5/3), t(3) = 3.182446: half a width of 2.054260.
  const std::vector<double> values{1, 2, 3, 4};
  EXPECT_TRUE(is_enough(values, {.half_width = 2.0543, .least = 4}));
  EXPECT_FALSE(is_enough(values, {.half_width = 2.0542, .least = 4}));
  EXPECT_FALSE(is_enough(values, {.half_width = 2.0543, .least = 5}));
  EXPECT_FALSE(is_enough(std::vector{0.5}, {.half_width = 1, .least = 1}));
  EXPECT_FALSE(is_enough(std::vector{0.5, 0.5, 0.5}, {.half_width = 1, .least = 2}))
      << "a spread of nothing is no spread";
}

TEST(Stopping, EndsWithAsManyAsTheWidthNeedsAndHoldsTheTruthAlmostAsOftenAsItSays) {
  // Normal values of deviation 1 until the half width is 0.45: z^2 / 0.45^2 = 18.97 of them if the
  // deviation were known. 2000 draws; four standard errors of the share below the 93 % that the
  // documentation states.
  const Stream normals({.seed = 11, .purpose = Purpose::resampling});
  const StoppingRule rule{.half_width = 0.45, .least = 8};
  const int draws = 2000;
  int held = 0;
  double used = 0;
  for (int d = 0; d < draws; ++d) {
    std::vector<double> values;
    for (std::uint64_t i = 0; values.size() < 200 && !is_enough(values, rule); ++i)
      values.push_back(normals.normal(i + 1000 * static_cast<std::uint64_t>(d)));
    const Spread spread = spread_of(values);
    if (std::fabs(spread.mean) <= spread.high - spread.mean) ++held;
    used += static_cast<double>(values.size());
  }
  const double share = static_cast<double>(held) / draws;
  EXPECT_GT(share, 0.93 - 4 * std::sqrt(0.93 * 0.07 / draws));
  EXPECT_LT(share, 0.95 + 4 * std::sqrt(0.95 * 0.05 / draws));
  EXPECT_NEAR(used / draws, 18.97, 3);  // t instead of z asks for more, early ends for fewer
}

}  // namespace
}  // namespace lightloom::experiments
