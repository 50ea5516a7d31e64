#include "core/random/random.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace lightloom {
namespace {

TEST(Random, StreamKeyIsPhiloxOfTheAddressUnderTheSeed) {
  // Random123's known answer for counter 0 and key 0: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
  const Stream stream({.seed = 0, .purpose = Purpose::test});
  EXPECT_EQ(stream.key()[0], 0x6627e8d5U);
  EXPECT_EQ(stream.key()[1], 0xe169c58dU);
}

TEST(Random, EveryPartOfTheAddressChangesTheNumbers) {
  const StreamAddress base{
      .seed = 7, .purpose = Purpose::readout, .chip = 1, .layer = 2, .tile = 3};
  std::vector<StreamAddress> others(5, base);
  others[0].seed = 8;
  others[1].purpose = Purpose::drift;
  others[2].chip = 2;
  others[3].layer = 1;
  others[4].tile = 4;
  const auto reference = Stream(base).bits(5, 6);
  for (const StreamAddress& other : others) EXPECT_NE(Stream(other).bits(5, 6), reference);
  EXPECT_NE(Stream(base).bits(6, 5), reference);
  EXPECT_EQ(Stream(base).bits(5, 6), reference);
}

/// Moments of `count` standard normals against their standard errors (variances of x, x^2, x^3,
/// x^4: 1, 2, 15, 96).
template <class Draw>
void expect_standard_normal(std::size_t count, Draw draw) {
  double sum = 0, square = 0, cube = 0, fourth = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = draw(i);
    sum += x;
    square += x * x;
    cube += x * x * x;
    fourth += x * x * x * x;
  }
  const auto n = static_cast<double>(count);
  EXPECT_NEAR(sum / n, 0, 4 * std::sqrt(1 / n));
  EXPECT_NEAR(square / n, 1, 4 * std::sqrt(2 / n));
  EXPECT_NEAR(cube / n, 0, 4 * std::sqrt(15 / n));
  EXPECT_NEAR(fourth / n, 3, 4 * std::sqrt(96 / n));
}

TEST(Random, NormalsHaveTheMomentsOfTheNormalDistribution) {
  const Stream stream({.seed = 3});
  expect_standard_normal(200'000, [&](std::size_t i) { return stream.normal(i); });
}

TEST(Random, BulkNormalsHaveTheMomentsOfTheNormalDistribution) {
  std::vector<float> values(1'000'003);
  fill_normal(Stream({.seed = 0}), 9, values);
  expect_standard_normal(values.size(), [&](std::size_t i) { return values[i]; });
}

TEST(Random, BulkNormalsAreBoxMullerOfPhiloxBlocks) {
  const Stream stream({.seed = 42, .purpose = Purpose::readout});
  const std::uint64_t shot = 0x1'0000'0007;
  std::vector<float> values(3 * 256 + 33);
  fill_normal(stream, shot, values);
  // Lane l of group g takes the block with counter 32 g + l; its eight values lie 32 apart.
  for (const std::size_t index :
       {std::size_t{0}, std::size_t{77}, std::size_t{170}, std::size_t{250}, std::size_t{770}}) {
    const std::size_t group = index / 256, lane = index % 32, part = index % 256 / 32,
                      pair = part / 2;
    const auto words = stream.bits(group * 32 + lane, shot);
    const double u = (words[pair] >> 1) * 0x1p-31 + 0x1p-32;
    const auto angle_word =
        static_cast<std::int32_t>(words[(pair + 1) % 4] << 16 | (words[pair] & 0xFFFFU));
    const double angle = std::numbers::pi * angle_word * 0x1p-32;
    const double radius = std::sqrt(-2 * std::log(u));
    const double cosine = (words[pair] & 1) != 0 ? -std::cos(angle) : std::cos(angle);
    const double expected = radius * (part % 2 == 0 ? cosine : std::sin(angle));
    EXPECT_NEAR(values[index], expected, 2e-6)
        << index;  // about 8 float roundings of values up to 6
  }
}

TEST(Random, TheEightNormalsOfABlockAreUncorrelatedAndSoAreTheirSquares) {
  const std::size_t blocks = 200'000;
  std::vector<float> values(blocks * 8);
  fill_normal(Stream({.seed = 8}), 0, values);
  double product[8][8] = {}, square[8][8] = {};
  for (std::size_t group = 0; group < blocks / 32; ++group)
    for (std::size_t lane = 0; lane < 32; ++lane)
      for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t j = 0; j < i; ++j) {
          const double x = values[group * 256 + i * 32 + lane],
                       y = values[group * 256 + j * 32 + lane];
          product[i][j] += x * y;
          square[i][j] += (x * x - 1) * (y * y - 1);
        }
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < i;
         ++j) {  // 4.5 sigma for 56 checks; the variance of (x^2 - 1)(y^2 - 1) is 4
      EXPECT_NEAR(product[i][j] / blocks, 0, 4.5 / std::sqrt(blocks)) << i << j;
      EXPECT_NEAR(square[i][j] / blocks, 0, 4.5 * 2 / std::sqrt(blocks)) << i << j;
    }
}

TEST(Random, BulkNormalsHaveTheTailsOfTheNormalDistribution) {
  std::vector<float> values(20'000'000);
  fill_normal(Stream({.seed = 3}), 4, values);
  for (const double bound : {3.0, 4.0, 4.5, 4.9}) {
    const double expected =
        std::erfc(bound / std::numbers::sqrt2) * static_cast<double>(values.size());
    const auto beyond =
        std::count_if(values.begin(), values.end(), [&](float x) { return std::fabs(x) > bound; });
    EXPECT_NEAR(static_cast<double>(beyond), expected, 4.5 * std::sqrt(expected))
        << bound;  // a Poisson count
  }
}

TEST(Random, AShorterBulkFillIsAPrefixOfALongerOne) {
  const Stream stream({.seed = 5});
  std::vector<float> longer(1000);
  fill_normal(stream, 1, longer);
  for (const std::size_t count : {1u, 63u, 64u, 65u, 129u, 191u, 193u, 255u, 257u, 333u}) {
    std::vector<float> shorter(count);
    fill_normal(stream, 1, shorter);
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin())) << count;
  }
}

TEST(Random, UniformsLieInTheOpenIntervalWithTheRightMeanAndVariance) {
  const Stream stream({.seed = 11});
  double sum = 0, square = 0;
  const int count = 100'000;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double u = stream.uniform(i);
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    square += (u - 0.5) * (u - 0.5);
  }
  EXPECT_NEAR(sum / count, 0.5, 4 * std::sqrt(1.0 / 12 / count));
  EXPECT_NEAR(square / count, 1.0 / 12, 4 * std::sqrt(1.0 / 180 / count));
}

TEST(Random, BoundedIntegersStayBelowTheBoundAndReachAllValues) {
  const Stream stream({.seed = 1});
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 7000; ++i) ++counts.at(stream.below(7, i));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 4 * std::sqrt(1000.0 * 6 / 7));
}

TEST(Random, PermutationsHoldEveryIndexOnceAndDifferByShot) {
  const Stream stream({.seed = 1});
  std::vector<std::uint32_t> first(101), second(101), sorted(101);
  fill_permutation(stream, 0, first);
  fill_permutation(stream, 1, second);
  EXPECT_NE(first, second);
  std::iota(sorted.begin(), sorted.end(), 0U);
  EXPECT_TRUE(std::is_permutation(first.begin(), first.end(), sorted.begin()));
}

TEST(Random, NoTwoFamiliesShareTheirNumbers) {
  for (const Family& one : family::all)
    for (const Family& other : family::all) {
      const bool same = &one == &other;
      EXPECT_EQ(Stream(address_of(one, 5)).key() == Stream(address_of(other, 5)).key(), same);
    }
}

TEST(Random, NumbersDoNotDependOnTheThreadCount) {
  const Stream stream({.seed = 2});
  const auto draw = [&](int threads) {
    std::vector<double> values(5000);
#pragma omp parallel for num_threads(threads)
    for (std::size_t i = 0; i < 5000; ++i) values[i] = stream.normal(i, 3);
    return values;
  };
  const auto one = draw(1);
  EXPECT_EQ(one, draw(2));
  EXPECT_EQ(one, draw(4));
}

}  // namespace
}  // namespace lightloom
