// What is kept of latents, to the bit and to the byte.
#include "nn/freeze/latent_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "nn/ops/quantise.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

constexpr MapShape odd_latent{3, 11, 1};  // 33 numbers: no number of bits fills their bytes

std::vector<float> latent_numbers(std::uint32_t family) {
  return reference::floats(reference::random_doubles(33, family));
}

TEST(LatentCache, KeepsFloat32AsItIs) {
  std::vector<float> values = latent_numbers(1);
  values[0] = -0.0f;
  values[1] = std::numeric_limits<float>::denorm_min();
  values[2] = std::numeric_limits<float>::infinity();
  LatentCache cache({odd_latent, 32}, 2, LatentPlace::memory);
  cache.put(1, values);
  std::vector<float> kept(33);
  cache.take(1, kept);
  EXPECT_EQ(std::memcmp(kept.data(), values.data(), 33 * sizeof(float)), 0);
  EXPECT_EQ(cache.bytes(), 2 * 33 * 4);
}

TEST(LatentCache, KeepsTheIntegersOfEachLatentsOwnRangeInAsManyBitsAsItSays) {
  for (const LatentPlace place : {LatentPlace::memory, LatentPlace::disk})
    for (int bits = 1; bits <= 16; ++bits) {
      LatentCache cache({odd_latent, bits}, 3, place);
      EXPECT_EQ(cache.bytes(), 3 * ((33 * bits + 7) / 8 + 8)) << bits;
      std::vector<std::vector<float>> all;
      for (std::uint32_t i = 0; i < 3; ++i) {
        all.push_back(latent_numbers(i + 1));
        for (float& value : all.back()) value *= std::exp2(static_cast<float>(3 * i));
      }
      for (float& value : all[1]) value = std::max(value, 0.0f);  // as behind a ReLU
      for (const std::size_t i : {2u, 0u, 1u}) cache.put(i, all[i]);
      for (std::size_t i = 0; i < 3; ++i) {
        const auto [low, high] = std::minmax_element(all[i].begin(), all[i].end());
        std::vector<float> expected = all[i], kept(33);
        quantise_activation(expected, bits, {.low = *low, .high = *high, .seen = true});
        cache.take(i, kept);
        EXPECT_EQ(kept, expected) << bits << " bits, latent " << i;
      }
    }
}

TEST(LatentCache, OfZerosGivesZeros) {
  LatentCache cache({odd_latent, 8}, 1, LatentPlace::memory);
  std::vector<float> kept(33, 1.0f);
  cache.put(0, std::vector<float>(33, 0.0f));
  cache.take(0, kept);
  EXPECT_EQ(kept, std::vector<float>(33, 0.0f));
}

TEST(LatentCache, RefusesIntegersOfWhatIsNotFinite) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    std::vector<float> values = latent_numbers(1);
    values[20] = bad;
    LatentCache cache({odd_latent, 8}, 1, LatentPlace::memory);
    EXPECT_THROW(cache.put(0, values), Failure);
  }
}

}  // namespace
}  // namespace lightloom::nn
