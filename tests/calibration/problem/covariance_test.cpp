#include "calibration/problem/covariance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lightloom::calibration {
namespace {

// R = (2 b; 0 1), so H^-1 = ((1 + b^2) / 4, -b / 2; -b / 2, 1): correlation -b / sqrt(1 + b^2).
TEST(Covariance, SigmasAndCorrelationsOfTwoParametersAreThoseOfTheInverse) {
  for (const double b : {-10.0, -4.0, 3.5, 10.0}) {
    const std::vector<double> triangle{2, 0, b, 1};
    const Covariance covariance = covariance_of(triangle, 2);
    ASSERT_EQ(covariance.sigma.size(), 2U);
    EXPECT_NEAR(covariance.sigma[0], std::sqrt(1 + b * b) / 2, 1e-12);
    EXPECT_NEAR(covariance.sigma[1], 1, 1e-12);
    ASSERT_EQ(covariance.correlations.size(), 1U) << b;
    const auto& [i, j, value] = covariance.correlations.front();
    EXPECT_EQ(i, 0);
    EXPECT_EQ(j, 1);
    EXPECT_NEAR(value, -b / std::sqrt(1 + b * b), 1e-12);
  }
}

// 3 / sqrt(10) = 0.949 is not strong, 3.1 / sqrt(10.61) = 0.952 is, whatever the units of both are.
TEST(Covariance, StrongMeansAbove95PercentInAnyUnits) {
  for (const double unit : {1e-3, 1.0, 1e3}) {
    EXPECT_TRUE(covariance_of(std::vector{2 * unit, 0.0, 3.0, 1.0}, 2).correlations.empty());
    const std::vector<double> strong{2 * unit, 0.0, 3.1, 1.0};
    EXPECT_EQ(covariance_of(strong, 2).correlations.size(), 1U) << unit;
    EXPECT_TRUE(covariance_of(strong, 2, 1).correlations.empty());  // not listed
  }
}

}  // namespace
}  // namespace lightloom::calibration
