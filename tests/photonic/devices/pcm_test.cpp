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

/// The best of all pairs, one by one: by squared error and variance, then by light.
CellPair best_pair(const PcmCard& card, double weight) {
  CellPair best;
  double least = 1e9, light = 1e9;
  for (const double plus : pcm_levels(card))
    for (const double minus : pcm_levels(card)) {
      const double error = std::pow(plus - minus - weight, 2) +
                           std::pow(pcm_programming_sigma(card, plus), 2) +
                           std::pow(pcm_programming_sigma(card, minus), 2);
      if (error > least + 1e-13 || (error > least - 1e-13 && plus + minus > light)) continue;
      best = {plus, minus};
      least = error;
      light = plus + minus;
    }
  return best;
}

TEST(Pcm, OfAllPairsOfLevelsTheOneOfTheSmallestExpectedErrorIsTaken) {
  for (const PcmCard& card :
       {PcmCard{.level_bits = 4, .programming_scale = 0}, PcmCard{.level_bits = 4},
        PcmCard{.levels = PcmCard::Levels::linear, .level_bits = 3, .programming_scale = 0},
        PcmCard{.level_bits = 3, .lowest = 0.2, .programming_scale = 0.1}}) {
    const CellPairs pairs(card);
    const double range = 1 - pcm_levels(card).front();
    for (int i = -1000; i <= 1000; ++i) {
      const double weight = range * (i + 0.137) / 1001;
      const CellPair found = pairs.nearest(weight), best = best_pair(card, weight);
      ASSERT_EQ(found.plus, best.plus) << weight;
      ASSERT_EQ(found.minus, best.minus) << weight;
    }
  }
}

TEST(Pcm, AWeightOfZeroTakesBothCellsToTheirLowestAndFullScaleOneToEachEnd) {
  const PcmCard card{.level_bits = 5};
  const CellPairs pairs(card);
  const double lowest = std::pow(0.872, 31);
  for (const double end : {0.0, 1 - lowest, lowest - 1}) {
    const CellPair pair = pairs.nearest(end);
    EXPECT_NEAR(pair.plus, end > 0 ? 1 : lowest, 1e-14) << end;
    EXPECT_NEAR(pair.minus, end < 0 ? 1 : lowest, 1e-14) << end;
  }
}

}  // namespace
}  // namespace lightloom::photonic
