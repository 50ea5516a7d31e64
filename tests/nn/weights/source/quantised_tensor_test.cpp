#include "nn/weights/source/quantised_tensor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

QuantisedTensor drawn(int bits, float size) {
  QuantisedTensor tensor = make_tensor("drawn", 3001, bits, Rounding::dorefa);
  fill_normal(Stream({.seed = 5}), 0, tensor.latent.value);
  for (float& value : tensor.latent.value) value *= size;
  return tensor;
}

TEST(QuantisedTensor, RoundedToItsLevelsIsTheSameToTheBitFromAsFewNumbers) {
  for (const int bits : {2, 3, 4, 6, 8, 11, 15}) {
    for (const float size : {1e-3f, 0.1f, 1.0f, 9.0f}) {  // nine: a range of one
      QuantisedTensor whole = drawn(bits, size), rounded = drawn(bits, size);
      quantise(whole);
      round_to_levels(rounded);
      quantise(rounded);
      EXPECT_EQ(rounded.levels, whole.levels) << bits << " bits, " << size;
      EXPECT_EQ(rounded.scale.scale, whole.scale.scale) << bits << " bits, " << size;
      const std::set<float> levels(whole.levels.begin(), whole.levels.end());
      const std::set<float> latents(rounded.latent.value.begin(), rounded.latent.value.end());
      EXPECT_TRUE(std::isfinite(*latents.begin()) && std::isfinite(*latents.rbegin()));
      EXPECT_EQ(latents.size(), levels.size()) << bits << " bits, " << size;
    }
  }
}

TEST(QuantisedTensor, RoundingToLevelsLeavesAloneWhatHasNone) {
  for (const int bits : {1, 16, 32}) {
    QuantisedTensor tensor = drawn(bits, 0.3f);
    const std::vector<float> before = tensor.latent.value;
    round_to_levels(tensor);
    EXPECT_EQ(tensor.latent.value, before) << bits;
  }
  QuantisedTensor zeros = drawn(4, 0);
  round_to_levels(zeros);
  EXPECT_EQ(zeros.latent.value, std::vector<float>(3001));
}

}  // namespace
}  // namespace lightloom::nn
