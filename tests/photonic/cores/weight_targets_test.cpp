#include "photonic/cores/weight_targets.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "core/error.hpp"
#include "photonic/cores/chip_statistics.hpp"

namespace lightloom::photonic {
namespace {

using Law = WeightTargets::Law;

TEST(WeightTargets, LevelsAreEvenlySpacedAndEquallyLikely) {
  const std::vector<float> tile =
      target_tiles({.law = Law::levels, .levels = 4, .matrix = {}}, Stream({.seed = 1}), 40, 100);
  std::map<float, int> counts;
  for (const float w : tile) ++counts[w];
  ASSERT_EQ(counts.size(), 4u);
  const double expected = 1000, error = std::sqrt(4000 * 0.25 * 0.75);
  int i = 0;
  for (const auto& [level, count] : counts) {
    EXPECT_NEAR(level, -1 + 2.0 / 3 * i++, 1e-6);
    EXPECT_NEAR(count, expected, 4 * error);
  }
}

TEST(WeightTargets, NormalOnesHaveVarianceOne) {
  const std::vector<float> tile =
      target_tiles({.law = Law::normal, .matrix = {}}, Stream({.seed = 1}), 50, 100);
  double squares = 0;
  for (const float w : tile) squares += static_cast<double>(w) * w;
  EXPECT_NEAR(squares / 5000, 1, 4 * std::sqrt(2.0 / 5000));
}

TEST(WeightTargets, AGivenMatrixIsCutIntoTilesAndFilledUp) {
  WeightTargets given{.law = Law::given, .rows = 3, .columns = 5, .matrix = {}};
  for (int k = 0; k < 15; ++k) given.matrix.push_back(static_cast<float>(k + 1));
  const std::vector<float> tiles = target_tiles(given, Stream({}), 2, 3);
  EXPECT_EQ(tiles, (std::vector<float>{1,  2,  3,  6, 7, 8, 4,  5,  0, 9, 10, 0,  //
                                       11, 12, 13, 0, 0, 0, 14, 15, 0, 0, 0,  0}));
}

TEST(WeightTargets, ThatAreNoneOrThatAMeshDoesNotTakeAreRefused) {
  const WeightTargets ternary{.law = Law::levels, .levels = 3, .matrix = {}};
  EXPECT_THROW(chip_statistics(default_card("mzi-mesh"), {.chips = 1, .targets = ternary}), Error);
  CoreCard card = default_card("mrr-bank");
  card.rows = card.columns = 8;
  const ChipStatistics found = chip_statistics(card, {.chips = 1, .targets = ternary});
  EXPECT_EQ(found.target, "weights of 3 levels");
  EXPECT_LT(found.error[0], 0.01);
  WeightTargets wrong = ternary;
  wrong.levels = 1;
  EXPECT_THROW(chip_statistics(card, {.chips = 1, .targets = wrong}), Error);
  wrong = {.law = Law::given, .rows = 2, .columns = 2, .matrix = {1, 2, 3}};
  EXPECT_THROW(chip_statistics(card, {.chips = 1, .targets = wrong}), Error);
}

}  // namespace
}  // namespace lightloom::photonic
