#include "photonic/devices/pcm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace lightloom::photonic {
namespace {

TEST(Pcm, GeometricLevelsAreThoseOfElight) {
  const PcmCard card{.level_bits = 3, .ratio = 0.872};
  const std::vector<double> levels = pcm_levels(card);
  ASSERT_EQ(levels.size(), 8U);
  for (int i = 0; i < 8; ++i)
    EXPECT_NEAR(levels[static_cast<std::size_t>(7 - i)], std::pow(0.872, i), 1e-14);
  EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end()));
}

TEST(Pcm, QuantisesToTheNearestLevelNotTheNearestIndex) {
  const std::vector<double> levels{0.1, 0.2, 0.4, 0.8};
  EXPECT_EQ(nearest_level(levels, 0.29), 0.2);
  EXPECT_EQ(nearest_level(levels, 0.31), 0.4);
  EXPECT_EQ(nearest_level(levels, 0.57), 0.4);  // geometric rounding would say 0.8
  EXPECT_EQ(nearest_level(levels, -1), 0.1);
  EXPECT_EQ(nearest_level(levels, 2), 0.8);
}

}  // namespace
}  // namespace lightloom::photonic
