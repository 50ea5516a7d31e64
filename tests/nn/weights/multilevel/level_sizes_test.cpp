#include "nn/weights/multilevel/level_sizes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/nn/weights/multilevel/fixture.hpp"

namespace lightloom::nn {
namespace {

TEST(LevelSizes, FollowTheRulesInEveryCase) {
  const auto on = [](const LayerShape& shape, int intra, int cross) {
    const LevelSizes sizes = sizes_of(shape, intra, cross);
    return std::pair(sizes.intra_on(), sizes.cross_on);
  };
  const std::pair both(true, true), first(true, false), second(false, true), neither(false, false);
  EXPECT_EQ(on(convolution(64, 64, 3), 2, 44), both);
  EXPECT_EQ(on(convolution(64, 64, 3), 8, 63), both);     // last values that are on
  EXPECT_EQ(on(convolution(64, 64, 3), 9, 64), neither);  // first that are off
  EXPECT_EQ(on(convolution(64, 64, 3), 0, 44), second);   // a request of zero is off
  EXPECT_EQ(on(convolution(64, 64, 3), 2, 0), first);
  EXPECT_EQ(on(convolution(3, 64, 3), 2, 44), first);  // stem: min(64, 27) = 27
  EXPECT_EQ(on(convolution(3, 64, 3), 3, 26), second);
  EXPECT_EQ(on(convolution(1, 32, 5), 1, 24), second);    // grey images: level 1 never
  EXPECT_EQ(on(convolution(64, 128, 1), 1, 44), second);  // 1x1: level 1 never
  EXPECT_EQ(on(convolution(32, 128, 1), 1, 32), neither);
  EXPECT_EQ(on(convolution(96, 96, 3, 96), 5, 40), first);  // depthwise: one kernel of 96 channels
  EXPECT_EQ(on(convolution(96, 96, 3, 96), 9, 40), neither);
}

TEST(LevelSizes, GiveThePrintedShapesOfTheStem) {
  const LevelSizes stem = sizes_of(convolution(3, 64, 3), 2, 44);
  EXPECT_EQ(stem.basis(), 64 * 2 * 9);
  EXPECT_EQ(stem.u(), 64 * 3 * 2);
  EXPECT_EQ(stem.v(), 0);
  const LevelSizes depthwise = sizes_of(convolution(96, 96, 3, 96), 5, 40);
  EXPECT_EQ(depthwise.basis(), 5 * 9);
  EXPECT_EQ(depthwise.u(), 96 * 5);
}

TEST(LevelSizes, RefusingExpansionLeavesOffWhatStoresMore) {
  const LayerShape shape = convolution(64, 64, 3);
  EXPECT_EQ(sizes_of(shape, 8, 0).stored(), 64 * 584);
  EXPECT_FALSE(sizes_of(shape, 8, 0, Expansion::refused).generated());
  EXPECT_TRUE(sizes_of(shape, 7, 0, Expansion::refused).intra_on());
  EXPECT_FALSE(sizes_of(convolution(32, 32, 1), 0, 28, Expansion::refused).generated());
  for (int intra = 0; intra < 9; ++intra)
    for (int cross = 0; cross < 64; ++cross)
      EXPECT_LE(sizes_of(shape, intra, cross, Expansion::refused).stored(), shape.weights());
}

TEST(LevelSizes, TheOrderOfTheLevelsIsAPermutationThatComesBack) {
  const auto counted = [](const LayerShape& shape) {
    std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
    std::iota(dense.begin(), dense.end(), 0.0f);
    return dense;
  };
  const auto at = [](const std::vector<float>& values, int i) {
    return values[static_cast<std::size_t>(i)];
  };
  // Two groups of 3 -> 4: kernel j of either group lies side by side along the channels.
  const LayerShape grouped = convolution(6, 8, 3, 2), plain = convolution(5, 7, 3);
  const LevelSizes groups = sizes_of(grouped, 2, 3), inputs = separable_sizes(plain);
  EXPECT_EQ(sizes_of(plain, 2, 3).layout, Layout::plain);
  EXPECT_EQ(groups.layout, Layout::grouped);
  EXPECT_EQ(inputs.layout, Layout::by_input);
  for (const auto& [sizes, shape] : {std::pair(groups, grouped), std::pair(inputs, plain)}) {
    const std::vector<float> dense = counted(shape);
    std::vector<float> ordered(dense.size()), back(dense.size());
    to_level_order(sizes, dense, ordered);
    to_dense_order(sizes, ordered, back);
    EXPECT_EQ(back, dense);
    EXPECT_TRUE(std::is_permutation(ordered.begin(), ordered.end(), dense.begin()));
    for (int kernel = 0; kernel < sizes.kernels; ++kernel)
      for (int channel = 0; channel < sizes.channels; ++channel)
        for (int s = 0; s < 9; ++s) {
          const int here = (kernel * sizes.channels + channel) * 9 + s;
          const int there = sizes.layout == Layout::by_input
                                ? (channel * 5 + kernel) * 9 + s
                                : ((channel / 3 * 4 + kernel) * 3 + channel % 3) * 9 + s;
          ASSERT_EQ(at(ordered, here), at(dense, there));
        }
  }
}

TEST(LevelSizes, PublishedBaselinesAreCasesOfTheTwoLevels) {
  const LayerShape shape = convolution(5, 7, 3);
  const LevelSizes blueprint = blueprint_sizes(shape), separable = separable_sizes(shape),
                   shared = shared_kernel_sizes(shape, 4);
  EXPECT_EQ(blueprint.stored(), 7 * (9 + 5));  // a blueprint and a weight per channel each
  EXPECT_EQ(separable.stored(), 5 * 9 + 7 * 5);
  EXPECT_EQ(shared.stored(), 4 * 9 + 4 * 7 * 5);
  EXPECT_TRUE(shared_kernel_sizes(shape, 8).generated());
  EXPECT_FALSE(shared_kernel_sizes(shape, 9).generated());  // as many as a kernel has elements
  for (const LayerShape& dense : {convolution(5, 7, 1), convolution(6, 6, 3, 6)}) {
    EXPECT_FALSE(blueprint_sizes(dense).generated());
    EXPECT_FALSE(separable_sizes(dense).generated());
    EXPECT_FALSE(shared_kernel_sizes(dense, 2).generated());
  }
}

// 64 kernels of 64 x 3 x 3 with two bases each store 2 (64 + 9) = 146 words a kernel. Level 2 takes
// c (64 + 146) words for c kernels, less than 64 x 146 up to c = 44; stored densely, a kernel would
// have 576 words and 57 kernels would still pay.
TEST(LevelSizes, LevelTwoIsJudgedAgainstKernelsAsLevelOneLeavesThem) {
  const LayerShape shape = convolution(64, 64, 3);
  EXPECT_LT(44 * (64 + 146), 64 * 146);
  EXPECT_GT(45 * (64 + 146), 64 * 146);
  EXPECT_TRUE(sizes_of(shape, 2, 44, Expansion::refused).cross_on);
  EXPECT_FALSE(sizes_of(shape, 2, 45, Expansion::refused).cross_on);
  EXPECT_TRUE(sizes_of(shape, 2, 45, Expansion::refused).intra_on());
  EXPECT_LT(57 * (64 + 576), 64 * 576);  // without level 1
  EXPECT_TRUE(sizes_of(shape, 0, 57, Expansion::refused).cross_on);
  EXPECT_FALSE(sizes_of(shape, 0, 58, Expansion::refused).cross_on);
}

}  // namespace
}  // namespace lightloom::nn
