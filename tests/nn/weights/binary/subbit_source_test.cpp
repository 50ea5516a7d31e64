#include "nn/weights/binary/subbit_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard subbit_card(const std::string& more = "") {
  return read_card<SourceCard>(parse_yaml("{source: subbit" + more + "}", "test"));
}

LayerShape subbit_conv(int in, int out, int kernel = 3) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel};
}

std::vector<float> subbit_normals(std::int64_t count, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 12, .purpose = Purpose::test}), shot, values);
  return values;
}

/// Kernels of the patterns given, each value +-magnitude.
std::vector<float> kernels_of(const std::vector<std::uint32_t>& patterns, float magnitude = 1) {
  std::vector<float> kernels;
  for (const std::uint32_t pattern : patterns)
    for (int i = 0; i < 9; ++i)
      kernels.push_back((pattern >> i & 1u) != 0 ? magnitude : -magnitude);
  return kernels;
}

TEST(KernelCodebook, BeginsWithTheCommonestPatternsTheSmallerAmongEquals) {
  KernelCodebook codebook(2);
  codebook.fit(kernels_of({300, 7, 300, 500, 7, 300, 12}));
  EXPECT_EQ(codebook.words(), (std::vector<std::uint32_t>{300, 7, 12, 500}));
  codebook.fit(kernels_of({300, 7}));
  EXPECT_EQ(codebook.words(), (std::vector<std::uint32_t>{7, 300, 0, 1})) << "filled up";
  for (std::size_t i = 18; i < 36; ++i)
    EXPECT_EQ(codebook.constants()[0]->value[i], 1e-3f * codebook.constants()[1]->value[i]);
  codebook.fit(std::vector<float>(9));
  EXPECT_EQ(codebook.words()[0], 511u) << "a zero counts as positive";
}

// Half of all patterns are in use: a random one is taken as often as not.
TEST(KernelCodebook, NeverReplacesADoubleByAPatternInUse) {
  std::vector<std::uint32_t> patterns(256);
  for (std::uint32_t p = 0; p < 256; ++p) patterns[p] = 2 * p;
  KernelCodebook codebook(8);
  codebook.fit(kernels_of(patterns));
  for (std::size_t p = 1; p < 40; ++p)
    for (std::size_t i = 0; i < 9; ++i)
      for (Parameter* one : {codebook.constants()[0], codebook.constants()[1]})
        one->value[9 * p + i] = one->value[i];
  for (int step = 0; step < 25; ++step) codebook.step(1, 3);
  const std::vector<std::uint32_t> words = codebook.words();
  EXPECT_EQ(std::set<std::uint32_t>(words.begin(), words.end()).size(), 256u);
}

// 24 patterns out of 32 are the kernels' own; the rest fills up, so all kernels are met exactly.
TEST(Subbit, GivesKernelsOfItsPatternsBack) {
  std::vector<std::uint32_t> patterns;
  for (std::uint32_t k = 0; k < 48; ++k) patterns.push_back(k % 24 * 21);
  std::vector<float> dense = kernels_of(patterns);
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] *= i < dense.size() / 2 ? 0.25f : 0.5f;
  const LayerShape shape = subbit_conv(24, 2);
  const auto source = make_source(subbit_card(), shape);
  source->encode(dense);
  std::vector<float> weight(dense.size());
  source->materialise(weight);
  EXPECT_EQ(weight, dense);
}

// An exhaustive search over all words of the codebook finds no nearer pattern, and the magnitude
// leaves an error orthogonal to its output.
TEST(Subbit, TakesTheNearestPatternAndMagnitude) {
  const LayerShape shape = subbit_conv(13, 6);
  const auto source = make_source(subbit_card(", subbit: {index_bits: 4}"), shape);
  const std::vector<float> dense = subbit_normals(shape.weights());
  source->encode(dense);
  std::vector<float> weight(dense.size());
  source->materialise(weight);
  const std::vector<CodedStream> codes = source->codes();
  const auto distance = [&](std::size_t kernel, std::uint32_t pattern) {
    double sum = 0;
    for (std::size_t i = 0; i < 9; ++i)
      sum += std::pow(double{dense[9 * kernel + i]} - ((pattern >> i & 1u) != 0 ? 1 : -1), 2);
    return sum;
  };
  for (std::size_t k = 0; k < dense.size() / 9; ++k) {
    const double own = distance(k, codes[1].words[codes[0].words[k]]);
    for (const std::uint32_t pattern : codes[1].words) EXPECT_LE(own, distance(k, pattern) + 1e-5);
  }
  const std::size_t filter = 13 * 9;
  for (std::size_t o = 0; o < 6; ++o) {
    double along = 0;
    for (std::size_t i = o * filter; i < (o + 1) * filter; ++i)
      along += (double{dense[i]} - weight[i]) * weight[i];
    EXPECT_NEAR(along, 0, 1e-4);
    EXPECT_GT(weight[o * filter] * weight[o * filter], 0);
  }
}

TEST(Subbit, MagnitudesAreNotBelowZero) {
  const LayerShape shape = subbit_conv(2, 2);
  const auto source = make_source(subbit_card(", subbit: {index_bits: 1}"), shape);
  source->encode(kernels_of({0, 0, 1, 1}));  // both patterns are near -1 everywhere
  std::vector<float>& latent = source->parameters()[0]->value;
  for (std::size_t i = 18; i < 36; ++i) latent[i] = 1;  // the second output opposes both
  std::vector<float> weight(36);
  source->materialise(weight);
  for (std::size_t i = 0; i < 36; ++i) EXPECT_EQ(weight[i], i < 18 ? -1.0f : 0.0f) << i;
}

TEST(Subbit, LatentsLearnStraightThroughTheChoice) {
  const LayerShape shape = subbit_conv(3, 4);
  const auto source = make_source(subbit_card(), shape);
  source->encode(subbit_normals(shape.weights()));
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  source->materialise(weight);
  const std::vector<float> g = subbit_normals(shape.weights(), 1);
  source->backward(g);
  source->backward(g);
  for (std::size_t i = 0; i < g.size(); ++i)
    ASSERT_EQ(source->parameters()[0]->gradient[i], 2 * g[i]);
}

/// A source of one output and its state: two patterns, all kernels of the first.
struct OnePattern {
  std::unique_ptr<WeightSource> source =
      make_source(subbit_card(", subbit: {index_bits: 1}"), subbit_conv(4, 1));
  Parameter& value = *source->constants()[0];
  Parameter& sign = *source->constants()[1];

  OnePattern() {
    std::vector<float> dense = kernels_of({511, 511, 511, 0}, 0.5f);
    source->encode(dense);
  }
  /// Steps of a gradient of `g` at place 0 of all kernels; the last step's is what counts.
  std::int64_t steps(int count, float g, double rate = 1) {
    std::vector<float> weight(36), gradient(36);
    std::int64_t changed = 0;
    for (int step = 0; step < count; ++step) {
      source->materialise(weight);
      for (std::size_t k = 0; k < 4; ++k) gradient[9 * k] = g;
      source->backward(gradient);
      changed += source->own_step(rate);
    }
    return changed;
  }
};

// The mean of +-0.5 in units of the mean magnitude 0.5 is 1. Three kernels of magnitude 0.5 have
// the first pattern: its gradient at place 0 is 1.5 g, at a step of 1.
TEST(Subbit, PatternsMoveAtEveryTwentyFifthStepByThatStepsGradient) {
  OnePattern one;
  ASSERT_EQ(one.value.value[0], 1.0f);
  ASSERT_EQ(one.value.value[9], -1.0f);
  EXPECT_EQ(one.steps(24, 0.4f), 0);
  EXPECT_EQ(one.value.value[0], 1.0f);
  EXPECT_EQ(one.steps(1, 0.4f), 0);
  EXPECT_NEAR(one.value.value[0], 1 - 0.6, 1e-6) << "24 gradients before are forgotten";
  EXPECT_NEAR(one.value.value[9], -1 - 0.2, 1e-6) << "of one kernel";
  EXPECT_EQ(one.value.value[1], 1.0f);
  EXPECT_EQ(one.steps(24, 5.0f), 0);
  EXPECT_NEAR(one.value.value[0], 1 - 0.6, 1e-6) << "and it counts to 25 anew";
  EXPECT_EQ(one.steps(1, 0.4f), 1) << "0.4 - 0.6 turns a sign of one word";
  EXPECT_EQ(one.sign.value[0], -1.0f);
  EXPECT_EQ(one.source->codes()[1].words[0], 510u);
}

TEST(Subbit, PatternsStayWithinThreeAndTurnNoSignNearZero) {
  OnePattern one;
  one.steps(25, 1.0f, 100);
  EXPECT_EQ(one.value.value[0], -3.0f);
  EXPECT_EQ(one.value.value[9], -3.0f);
  OnePattern other;
  other.steps(25, 0.667f);  // 1 - 1.5 x 0.667 = -0.0005
  EXPECT_LT(other.value.value[0], 0.0f);
  EXPECT_EQ(other.sign.value[0], 1.0f);
  EXPECT_EQ(other.source->codes()[1].words[0], 511u);
}

// Pattern 1 differs from pattern 0 in one place; turned there, it would be the same.
TEST(Subbit, APatternThatCameToEqualAnotherIsReplacedByAnUnusedOne) {
  const auto moved = [](const std::string& name) {
    LayerShape shape = subbit_conv(4, 1);
    shape.name = name;
    const auto source = make_source(subbit_card(", subbit: {index_bits: 1}"), shape);
    source->encode(kernels_of({511, 511, 511, 510}));
    std::vector<float> weight(36), g(36);
    for (int step = 0; step < 25; ++step) {
      source->materialise(weight);
      g[27] = -2;  // place 0 of the last kernel
      source->backward(g);
      source->own_step(1);
    }
    const std::vector<std::uint32_t> words = source->codes()[1].words;
    EXPECT_EQ(words[0], 511u);
    EXPECT_NE(words[1], 511u);
    for (std::size_t i = 9; i < 18; ++i)
      EXPECT_EQ(source->constants()[0]->value[i], 1e-3f * source->constants()[1]->value[i]);
    return words[1];
  };
  std::set<std::uint32_t> replacements;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) replacements.insert(moved(name));
  EXPECT_EQ(moved("a"), moved("a"));
  EXPECT_GT(replacements.size(), 2u) << "chosen at random, by layer";
}

TEST(Subbit, StoresAnIndexAKernelItsPatternsAndAMagnitudeAnOutput) {
  // 13 x 6 kernels of 5 bits: 390 bits, 49 bytes; 32 patterns of 9 bits: 36 bytes; 6 magnitudes.
  const LayerShape shape = subbit_conv(13, 6);
  const Ratio ratio = ratio_of({.name = "one", .layers = {shape}}, subbit_card());
  EXPECT_EQ(ratio.memory_bits, 390 + 288);
  EXPECT_EQ(ratio.complete_bits, 8 * (49 + 36 + 24));
  EXPECT_EQ(make_source(subbit_card(), shape)->work(), RegenerationWork{.lookups = 78});
}

TEST(Subbit, TakesThreeByThreeKernelsAlone) {
  EXPECT_EQ(stored_streams(subbit_card(), subbit_conv(3, 4))[0].name, "index");
  EXPECT_EQ(stored_streams(subbit_card(), subbit_conv(3, 4, 1))[0].name, "weight");
  LayerShape flat = subbit_conv(3, 4);
  flat.kernel_height = 1;
  EXPECT_EQ(stored_streams(subbit_card(), flat)[0].name, "weight");
  flat = subbit_conv(3, 4);
  flat.kernel_width = 5;
  EXPECT_EQ(stored_streams(subbit_card(), flat)[0].name, "weight");
  for (const char* more : {", subbit: {index_bits: 0}", ", subbit: {index_bits: 9}", ", bits: 1",
                           ", retraining: projection"})
    EXPECT_THROW(subbit_card(more), Error) << more;
}

// A flipped bit of an index changes one kernel, one of a pattern a place of all its kernels.
TEST(Subbit, AFlippedIndexChangesAKernelAndAFlippedPatternAllOfIts) {
  const LayerShape shape = subbit_conv(4, 1);
  const auto source = make_source(subbit_card(", subbit: {index_bits: 1}"), shape);
  const std::vector<float> dense = kernels_of({511, 511, 511, 0});
  source->encode(dense);
  std::vector<float> damaged(36);
  std::vector<CodedStream> codes = source->codes();
  codes[0].words[1] ^= 1u;
  source->decode(codes, damaged);
  EXPECT_EQ(damaged, kernels_of({511, 0, 511, 0}));
  codes = source->codes();
  codes[1].words[0] ^= 4u;
  source->decode(codes, damaged);
  EXPECT_EQ(damaged, kernels_of({507, 507, 507, 0}));
  source->backward(std::vector<float>(36, 1.0f));
  EXPECT_EQ(source->constants()[0]->gradient[0], 3.0f) << "of the words decoded";
  codes[0].words.pop_back();
  EXPECT_THROW(source->decode(codes, damaged), Error);
  codes = source->codes();
  codes[1].words.pop_back();
  EXPECT_THROW(source->decode(codes, damaged), Error);
}

}  // namespace
}  // namespace lightloom::nn
