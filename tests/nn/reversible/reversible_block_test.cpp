// Reversible blocks on integers: what comes back, what is kept, and gradients.
#include "nn/reversible/reversible_block.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random/random.hpp"
#include "nn/reversible/branch_network.hpp"

namespace lightloom::nn::reversible_tests {
namespace {

constexpr int images = 3;

/// Maps of 5 x 5, halves of 6 channels, connections to maps of 4 and 3 channels.
BranchShape shape_of_blocks(int blocks) {
  return {.blocks = blocks,
          .channels = 6,
          .size = 5,
          .classes = 7,
          .taps = {{.layers = 1, .channels = 4}, {.layers = 2, .channels = 3}}};
}

void fill(std::span<float> values, std::uint32_t what, double spread) {
  const Stream stream({.seed = 5, .purpose = Purpose::test, .layer = what});
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(spread * stream.normal(i));
}

std::vector<Tensor> random_taps(const BranchShape& shape) {
  std::vector<Tensor> taps;
  for (const BranchTap& tap : shape.taps) {
    taps.emplace_back(TensorShape(images, shape.size, shape.size, tap.channels));
    fill(taps.back().values(), static_cast<std::uint32_t>(tap.layers), 1);
  }
  return taps;
}

/// Every parameter random, so that no function is zero.
void shake(const std::vector<Parameter*>& parameters, double spread = 0.3) {
  std::uint32_t number = 100;
  for (Parameter* one : parameters) fill(one->value, number++, spread);
}

TEST(FixedMap, RoundsHalvesToEvenAndTakesOffWhatItAdded) {
  Tensor x(TensorShape(1, 1, 1, 6));
  const float values[] = {0.5f, 1.5f, -2.5f, 0.126f, 1e30f, std::nanf("")};
  std::copy(std::begin(values), std::end(values), x.data());
  FixedMap map;
  round_into(x, 0, Rounded::set, map);
  EXPECT_EQ(map.numbers, (std::vector<std::int32_t>{0, 2, -2, 0, 1 << 30, 0}));
  round_into(x, 3, Rounded::set, map);  // eighths
  EXPECT_EQ(map.numbers, (std::vector<std::int32_t>{4, 12, -20, 1, 1 << 30, 0}));
  Tensor back;
  to_floats(map, 3, back);
  EXPECT_EQ(back.data()[2], -2.5f);
  EXPECT_EQ(back.data()[3], 0.125f);
}

TEST(FixedMap, SumsWrapAroundAndComeBack) {
  Tensor x(TensorShape(1, 1, 1, 2));
  x.data()[0] = 1e20f;
  x.data()[1] = -1e20f;
  FixedMap map;
  map.resize(x.shape());
  map.numbers = {std::numeric_limits<std::int32_t>::max(),
                 std::numeric_limits<std::int32_t>::min()};
  const FixedMap before = map;
  round_into(x, 4, Rounded::added, map);
  EXPECT_NE(map.numbers, before.numbers);
  round_into(x, 4, Rounded::taken_off, map);
  EXPECT_EQ(map.numbers, before.numbers);
}

FixedPair random_pair(const BranchShape& shape, double spread) {
  Tensor x(TensorShape(images, shape.size, shape.size, shape.channels));
  FixedPair pair;
  fill(x.values(), 50, spread);
  round_into(x, 12, Rounded::set, pair.first);
  fill(x.values(), 51, spread);
  round_into(x, 12, Rounded::set, pair.second);
  return pair;
}

// The acceptance of the section: exact, whatever the size of the numbers, beyond what single
// precision holds and where sums wrap around.
TEST(ReversibleBlock, InverseBringsBackEveryInteger) {
  const BranchShape shape = shape_of_blocks(2);
  const std::vector<Tensor> taps = random_taps(shape);
  for (const double spread : {1e-3, 1.0, 1e3, 1e5}) {
    BranchDraw draw{.seed = 1};
    BlockScratch scratch;
    ReversibleBlock block(shape, 1, {.fraction_bits = 12, .scratch = scratch}, draw);
    shake(block.parameters());
    const FixedPair before = random_pair(shape, spread);
    FixedPair pair = before;
    block.forward(taps[1], pair);
    EXPECT_NE(pair.first.numbers, before.first.numbers) << spread;
    EXPECT_NE(pair.second.numbers, before.second.numbers) << spread;
    block.inverse(taps[1], pair);
    EXPECT_EQ(pair.first.numbers, before.first.numbers) << spread;
    EXPECT_EQ(pair.second.numbers, before.second.numbers) << spread;
  }
}

// Floats do not come back: what makes it exact is the rounding.
TEST(ReversibleBlock, FloatsWouldNotComeBack) {
  const float x = 1.0f / 3, f = 7.7777f;
  EXPECT_NE((x + f) - f, x);
}

TEST(ReversibleBlock, BeginsAsTheIdentity) {
  const BranchShape shape = shape_of_blocks(2);
  BranchDraw draw{.seed = 1};
  BlockScratch scratch;
  ReversibleBlock block(shape, 0, {.fraction_bits = 12, .scratch = scratch}, draw);
  FixedPair pair = random_pair(shape, 1);
  const FixedPair before = pair;
  block.forward(random_taps(shape)[0], pair);
  EXPECT_EQ(pair.first.numbers, before.first.numbers);
  EXPECT_EQ(pair.second.numbers, before.second.numbers);
}

TEST(BranchNetwork, ComesBackThroughAnyNumberOfBlocks) {
  for (const int blocks : {2, 5, 17}) {
    const BranchShape shape = shape_of_blocks(blocks);
    BranchNetwork branch(shape, 12, 3);
    shake(branch.parameters());
    EXPECT_EQ(branch.lost_numbers(random_taps(shape)), 0) << blocks;
  }
}

std::vector<std::vector<float>> gradients_of(const BranchShape& shape, BranchKeeps keeps) {
  BranchNetwork branch(shape, 12, 3);
  shake(branch.parameters());
  const std::vector<Tensor> taps = random_taps(shape);
  Tensor d_logits(branch.forward(taps, keeps).shape());
  fill(d_logits.values(), 60, 1);
  branch.backward(taps, d_logits);
  std::vector<std::vector<float>> gradients;
  for (const Parameter* one : branch.parameters()) gradients.push_back(one->gradient);
  return gradients;
}

TEST(BranchNetwork, RecomputedActivationsGiveTheGradientsOfKeptOnesToTheBit) {
  const BranchShape shape = shape_of_blocks(5);
  EXPECT_EQ(gradients_of(shape, BranchKeeps::last_pair),
            gradients_of(shape, BranchKeeps::everything));
}

/// sum of d_logits * logits.
double objective(BranchNetwork& branch, std::span<const Tensor> taps, const Tensor& d_logits) {
  const Tensor& logits = branch.forward(taps, BranchKeeps::last_pair);
  double sum = 0;
  for (std::size_t i = 0; i < logits.values().size(); ++i)
    sum += double{logits.values()[i]} * d_logits.values()[i];
  return sum;
}

// Along the gradient of each parameter in turn, by central differences over a step whose own error,
// of rounding to 2^-20 and of second order, is far below the tolerance; one wrong on purpose fails.
TEST(BranchNetwork, GradientsAreDifferences) {
  const BranchShape shape = shape_of_blocks(2);
  BranchNetwork branch(shape, 20, 3);
  shake(branch.parameters(), 0.2);
  const std::vector<Tensor> taps = random_taps(shape);
  Tensor d_logits(branch.forward(taps, BranchKeeps::last_pair).shape());
  fill(d_logits.values(), 60, 1);
  branch.backward(taps, d_logits);
  for (Parameter* one : branch.parameters()) {
    const std::vector<float> value = one->value;
    double square = 0;
    for (const float g : one->gradient) square += double{g} * g;
    ASSERT_GT(square, 0) << one->name;
    const double step = 2e-3 / std::sqrt(square);
    const auto moved = [&](double by) {
      for (std::size_t i = 0; i < value.size(); ++i)
        one->value[i] = value[i] + static_cast<float>(by * one->gradient[i]);
      const double found = objective(branch, taps, d_logits);
      one->value = value;
      return found;
    };
    const double slope = (moved(step) - moved(-step)) / (2 * step);
    EXPECT_NEAR(slope, square, 0.03 * square) << one->name;
    EXPECT_GT(std::abs(slope - 1.1 * square), 0.03 * square) << one->name;
  }
}

// What waits for the backward pass: one pair, whatever the depth; plainly, four maps a block.
TEST(BranchNetwork, KeepsAsMuchAtAnyDepthOrFourMapsABlock) {
  const auto kept = [](int blocks, BranchKeeps keeps) {
    const BranchShape shape = shape_of_blocks(blocks);
    BranchNetwork branch(shape, 12, 3);
    branch.forward(random_taps(shape), keeps);
    return branch.kept_bytes();
  };
  const std::int64_t half = std::int64_t{4} * images * 5 * 5 * 6;
  for (const int blocks : {2, 3, 20}) {
    EXPECT_EQ(kept(blocks, BranchKeeps::last_pair), 2 * half) << blocks;
    EXPECT_EQ(kept(blocks, BranchKeeps::everything), (2 + 4 * blocks) * half) << blocks;
  }
}

TEST(BranchShape, SharesTapsOutOverBlocksInOrder) {
  const BranchShape shape = shape_of_blocks(5);
  std::vector<int> taps;
  for (int block = 0; block < 5; ++block) taps.push_back(shape.tap_of(block));
  EXPECT_EQ(taps, (std::vector<int>{0, 0, 0, 1, 1}));
  EXPECT_EQ(shape.block_macs(), 4 * 6 * 6 * 9 * 25);
  EXPECT_EQ(shape.connection_macs(0), 4 * 6 * 25);
  EXPECT_EQ(shape.connection_macs(4), 3 * 6 * 25);
}

}  // namespace
}  // namespace lightloom::nn::reversible_tests
