#include "photonic/decomposition/svd/svd_cache.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::photonic {
namespace {

std::vector<float> tile(std::uint64_t number, std::size_t weights = 12) {
  std::vector<float> values(weights);
  fill_normal(Stream({.seed = 7, .purpose = Purpose::test}), number, values);
  return values;
}

TEST(SvdCache, GivesWhatTheDecompositionGives) {
  const Topology topology = clements_topology(4);
  const SvdCache cache(3, 4, topology);
  const auto settings = cache.decomposed(tile(1), 3, 4);
  const SvdSettings direct = decompose_svd(tile(1), 3, 4, topology);
  EXPECT_EQ(settings->scale, direct.scale);
  EXPECT_EQ(settings->attenuation, direct.attenuation);
  EXPECT_EQ(settings->left.theta, direct.left.theta);
  EXPECT_EQ(settings->right.phi, direct.right.phi);
}

TEST(SvdCache, WorksEqualTilesOutOnceAndOthersApart) {
  const SvdCache cache(3, 4, clements_topology(4));
  const auto first = cache.decomposed(tile(1), 3, 4);
  EXPECT_EQ(cache.decomposed(tile(1), 3, 4), first);  // the same object
  EXPECT_NE(cache.decomposed(tile(2), 3, 4), first);
  std::vector<float> nearly = tile(1);
  nearly[11] = std::nextafter(nearly[11], 10.0F);
  EXPECT_NE(cache.decomposed(nearly, 3, 4), first);
  EXPECT_EQ(cache.decomposed(tile(1), 3, 4), first);
}

TEST(SvdCache, TellsTilesOfOtherSizesApart) {
  const SvdCache cache(4, 4, clements_topology(4));
  const auto upright = cache.decomposed(tile(1, 6), 3, 2),
             lying = cache.decomposed(tile(1, 6), 2, 3);
  EXPECT_NE(upright->left.theta, lying->left.theta);
  EXPECT_EQ(lying->left.theta, decompose_svd(tile(1, 6), 2, 3, clements_topology(4)).left.theta);
}

TEST(SvdCache, ForgetsWhenItIsFullAndWhatItGaveStays) {
  const SvdCache cache(3, 4, clements_topology(4), 1);  // room for one
  const auto first = cache.decomposed(tile(1), 3, 4);
  const double scale = first->scale;
  const auto second = cache.decomposed(tile(2), 3, 4);
  EXPECT_EQ(cache.decomposed(tile(2), 3, 4), second);
  const auto again = cache.decomposed(tile(1), 3, 4);
  EXPECT_NE(again, first);
  EXPECT_EQ(first->scale, scale);
  EXPECT_EQ(again->left.theta, first->left.theta);
}

TEST(SvdCache, ThreadsThatAskForTheSameTileGetTheSameNumbers) {
  const SvdCache cache(3, 4, clements_topology(4));
  std::vector<std::shared_ptr<const SvdSettings>> got(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < got.size(); ++i)
    threads.emplace_back([&, i] { got[i] = cache.decomposed(tile(i % 2), 3, 4); });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 2; i < got.size(); ++i)
    EXPECT_EQ(got[i]->left.theta, got[i % 2]->left.theta) << i;
}

TEST(SvdCache, KeepsNothingOfATileThatCannotBeMade) {
  const SvdCache cache(4, 4, butterfly_topology(4));
  EXPECT_THROW(static_cast<void>(cache.decomposed(tile(3, 16), 4, 4)), Error);
  EXPECT_THROW(static_cast<void>(cache.decomposed(tile(3, 16), 4, 4)), Error);
}

}  // namespace
}  // namespace lightloom::photonic
