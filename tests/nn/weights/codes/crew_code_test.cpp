#include "nn/weights/codes/crew_code.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

std::vector<std::int32_t> drawn_levels(std::size_t count, std::uint64_t kinds,
                                       std::uint64_t shot = 0) {
  const Stream stream({.seed = 31, .purpose = Purpose::test});
  std::vector<std::int32_t> levels;
  for (std::size_t i = 0; i < count; ++i)
    levels.push_back(static_cast<std::int32_t>(stream.below(kinds, i, shot)) -
                     static_cast<std::int32_t>(kinds / 2));
  return levels;
}

TEST(CrewCode, AnIndexHasTheBitsThatTellItsLevelsApart) {
  const int expected[] = {0, 0, 1, 2, 2, 3, 3, 3, 3, 4};
  for (std::size_t levels = 0; levels < 10; ++levels)
    EXPECT_EQ(index_bits(levels), expected[levels]) << levels;
  EXPECT_EQ(index_bits(255), 8);
}

TEST(CrewCode, LevelsAreThoseThatOccurAndIndicesLeadBack) {
  const std::vector<std::int32_t> column{3, -1, 3, 0, -1, 7};
  const CrewInput input = crew_input(column);
  EXPECT_EQ(input.levels, (std::vector<std::int32_t>{-1, 0, 3, 7}));
  EXPECT_EQ(input.indices, (std::vector<std::uint32_t>{2, 0, 2, 1, 0, 3}));
}

// The plain product, whole numbers.
TEST(CrewCode, TheProductOfTablesIsTheQuantisedProduct) {
  constexpr std::size_t inputs = 19, outputs = 33;
  const std::vector<std::int32_t> x = drawn_levels(inputs, 255, 99);
  std::vector<CrewInput> layer;
  std::vector<std::int64_t> plain(outputs);
  std::int64_t distinct = 0;
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::vector<std::int32_t> column = drawn_levels(outputs, 15, i);
    layer.push_back(crew_input(column));
    distinct += static_cast<std::int64_t>(std::set(column.begin(), column.end()).size());
    for (std::size_t o = 0; o < outputs; ++o) plain[o] += std::int64_t{column[o]} * x[i];
  }
  const CrewProduct product = crew_product(layer, x);
  EXPECT_EQ(product.outputs, plain);
  EXPECT_EQ(product.multiplications, distinct);
  EXPECT_EQ(product.additions, inputs * outputs) << "additions never fall";
}

// By hand: five levels, uses -4: 1, -1: 2, 0: 5, 2: 2, 9: 1; four are allowed. The rarest is the
// lower of two, -4, whose only neighbour is -1: (3)^2.
TEST(CrewCode, TheRarestLevelBecomesItsNearestNeighbour) {
  CrewInput input = crew_input(std::vector<std::int32_t>{0, -1, 2, 0, -4, 9, 0, -1, 2, 0, 0});
  EXPECT_EQ(merge_rarest(input), 9);
  EXPECT_EQ(input.levels, (std::vector<std::int32_t>{-1, 0, 2, 9}));
  EXPECT_EQ(input.indices, (std::vector<std::uint32_t>{1, 0, 2, 1, 0, 3, 1, 0, 2, 1, 1}));
  // Down to two: -1 (3 uses), 0 (5), 2 (2), 9 (1): 9 becomes 2 (49), then of -1 and 2, three
  // uses each, the lower one becomes 0 (3 weights, one of them -1 since before).
  EXPECT_EQ(merge_rarest(input), 49 + 3);
  EXPECT_EQ(input.levels, (std::vector<std::int32_t>{0, 2}));
  EXPECT_EQ(merge_rarest(input), 3 * 4) << "one level is left: the rarer 2 becomes 0";
  EXPECT_EQ(input.levels, (std::vector<std::int32_t>{0}));
  EXPECT_EQ(merge_rarest(input), 0) << "and nothing merges further";
  EXPECT_EQ(input.levels.size(), 1u);
}

TEST(CrewCode, OfTwoNeighboursAsNearTheLowerOneIsTaken) {
  CrewInput input = crew_input(std::vector<std::int32_t>{0, 0, 4, 8, 8});
  EXPECT_EQ(merge_rarest(input), 16);
  EXPECT_EQ(input.levels, (std::vector<std::int32_t>{0, 8}));
  EXPECT_EQ(input.indices, (std::vector<std::uint32_t>{0, 0, 0, 1, 1}));
}

}  // namespace
}  // namespace lightloom::nn
