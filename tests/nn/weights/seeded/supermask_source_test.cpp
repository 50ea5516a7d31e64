#include "nn/weights/seeded/supermask_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/models/models.hpp"
#include "nn/weights/faults/bit_errors.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard supermask_card(const std::string& keys = "", const std::string& more = "") {
  return read_card<SourceCard>(
      parse_yaml("{source: supermask, supermask: {" + keys + "}" + more + "}", "test"));
}

LayerShape masked_conv(const std::string& name = "conv") {
  return {
      .name = name, .in_channels = 13, .out_channels = 11, .kernel_height = 3, .kernel_width = 3};
}

std::vector<float> masked_normals(std::int64_t count, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 3, .purpose = Purpose::test}), shot, values);
  return values;
}

std::vector<float> masked_weight(WeightSource& source, std::size_t count) {
  std::vector<float> weight(count);
  source.materialise(weight);
  return weight;
}

std::size_t not_zero(const std::vector<float>& weight) {
  return weight.size() - static_cast<std::size_t>(std::count(weight.begin(), weight.end(), 0.0f));
}

/// Jenkins's function as he wrote it, over any bytes.
std::uint32_t one_at_a_time(const std::string& key, std::uint32_t hash = 0) {
  for (const char c : key) {
    hash += static_cast<unsigned char>(c);
    hash += (hash << 10);
    hash ^= (hash >> 6);
  }
  hash += (hash << 3);
  hash ^= (hash >> 11);
  hash += (hash << 15);
  return hash;
}

// Known answers of the published function ("a", and the pangram) hold it here; four bytes then say
// what a word is.
TEST(SeededBits, AreThePublishedHashOfFourBytes) {
  EXPECT_EQ(one_at_a_time("a"), 0xca2e9442u);
  EXPECT_EQ(one_at_a_time("The quick brown fox jumps over the lazy dog"), 0x519e91f5u);
  for (const std::uint32_t seed : {0u, 1u, 0x9e3779b9u})
    EXPECT_EQ(seeded_word(seed, 0x04030201u), one_at_a_time("\x01\x02\x03\x04", seed));
}

// Four bytes, each an addition, a shifted addition and a shifted exclusive or; three shifted sums
// at the end.
TEST(SeededBits, CountTheirOperations) {
  EXPECT_EQ(seeded_word_work(5).shifts, 5 * (4 * 2 + 3));
  EXPECT_EQ(seeded_word_work(5).adds, 5 * (4 * 3 + 3));
  EXPECT_EQ(words_of_bits(1), 1);
  EXPECT_EQ(words_of_bits(32), 1);
  EXPECT_EQ(words_of_bits(33), 2);
}

// Means and correlations of n fair signs have the standard error 1 / sqrt(n).
TEST(SeededBits, AreAsFairAndIndependentAsTheirNumberTells) {
  const std::int64_t count = 1 << 18;
  const double bound = 4.5 / std::sqrt(static_cast<double>(count));
  SeededSigns one(layer_seed(0, "a"), count), other(layer_seed(0, "b"), count),
      next(layer_seed(1, "a"), count), high(layer_seed(std::uint64_t{1} << 32, "a"), count);
  const std::span<const float> a = one.signs();
  const auto correlation = [&](std::span<const float> b, std::size_t lag) {
    double sum = 0;
    for (std::size_t i = lag; i < a.size(); ++i) sum += double{a[i - lag]} * b[i];
    return sum / static_cast<double>(count);
  };
  EXPECT_LT(std::abs(std::accumulate(a.begin(), a.end(), 0.0) / static_cast<double>(count)), bound);
  for (const std::size_t lag : {1u, 2u, 3u, 9u, 31u, 32u, 33u, 64u, 288u, 1024u, 8192u})
    EXPECT_LT(std::abs(correlation(a, lag)), bound) << lag;
  for (SeededSigns* seeded : {&other, &next, &high})
    for (const std::size_t lag : {0u, 1u, 32u})
      EXPECT_LT(std::abs(correlation(seeded->signs(), lag)), bound) << lag;
}

TEST(Supermask, KeepsTheAskedShareOfSignedConstants) {
  const LayerShape shape = masked_conv();
  const auto count = static_cast<std::size_t>(shape.weights());
  for (const double kept : {0.0001, 0.3, 0.5, 0.7, 1.0}) {
    const auto source =
        make_source(supermask_card(fmt::format("kept: {}, scale: fan_in", kept)), shape);
    source->encode(masked_normals(shape.weights()));
    const std::vector<float> weight = masked_weight(*source, count);
    const auto expected = static_cast<std::size_t>(std::lround(kept * static_cast<double>(count)));
    EXPECT_EQ(not_zero(weight), std::max<std::size_t>(1, expected));
    const double constant = std::sqrt(2.0 / (13 * 9) / kept);
    const std::uint32_t seed = layer_seed(0, "conv");
    for (std::size_t i = 0; i < count; ++i) {
      if (weight[i] == 0) continue;
      const auto word = seeded_word(seed, static_cast<std::uint32_t>(i / 32));
      const double sign = (word >> (i % 32) & 1u) != 0 ? 1 : -1;
      ASSERT_NEAR(weight[i], sign * constant, 1e-6 * constant) << i;
    }
  }
}

TEST(Supermask, KeepsTheFirstAmongEqualScores) {
  const LayerShape shape = masked_conv();
  const auto count = static_cast<std::size_t>(shape.weights());
  const auto source = make_source(supermask_card("kept: 0.25, scale: fan_in"), shape);
  std::vector<float>& score = source->parameters()[0]->value;
  std::fill(score.begin(), score.end(), 2.0f);
  score[count - 1] = -3;  // by magnitude
  score[0] = 1;
  const std::vector<float> weight = masked_weight(*source, count);
  const auto kept = static_cast<std::size_t>(std::lround(0.25 * static_cast<double>(count)));
  EXPECT_EQ(not_zero(weight), kept);
  EXPECT_EQ(weight[0], 0.0f);
  EXPECT_NE(weight[count - 1], 0.0f);
  for (std::size_t i = 1; i < kept; ++i) ASSERT_NE(weight[i], 0.0f) << i;
}

// Of all masks of k weights and all magnitudes, the fitted ones are nearest: with the signs given,
// the error is sum w^2 - (sum of kept r w)^2 / k, least for the largest r w.
TEST(Supermask, FitsTheNearestMaskAndMagnitude) {
  const LayerShape shape = masked_conv();
  const std::vector<float> dense = masked_normals(shape.weights());
  const auto source = make_source(supermask_card("kept: 0.4"), shape);
  source->encode(dense);
  const std::vector<float> weight = masked_weight(*source, dense.size());
  SeededSigns signs(layer_seed(0, "conv"), shape.weights());
  std::vector<double> agreement;
  double squares = 0, error = 0;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    agreement.push_back(double{signs.signs()[i]} * dense[i]);
    squares += double{dense[i]} * dense[i];
    error += std::pow(double{dense[i]} - weight[i], 2);
  }
  std::sort(agreement.rbegin(), agreement.rend());
  const auto kept = std::llround(0.4 * static_cast<double>(dense.size()));
  const double sum = std::accumulate(agreement.begin(), agreement.begin() + kept, 0.0);
  EXPECT_NEAR(error, squares - sum * sum / static_cast<double>(kept), 1e-5 * squares);
}

// All signs kept that oppose the weights: no magnitude above zero is nearer than zero, of which
// nothing could be learnt.
TEST(Supermask, HasTheMagnitudeOfItsFanInWhereNoneFits) {
  const LayerShape shape = masked_conv();
  const auto source = make_source(supermask_card("kept: 1"), shape);
  SeededSigns signs(layer_seed(0, "conv"), shape.weights());
  std::vector<float> opposed;
  for (const float sign : signs.signs()) opposed.push_back(-0.5f * sign);
  for (const std::vector<float>& dense : {opposed, std::vector<float>(opposed.size())}) {
    source->encode(dense);
    EXPECT_NEAR(std::abs(masked_weight(*source, dense.size())[0]), std::sqrt(2.0 / (13 * 9)), 1e-6);
  }
}

TEST(Supermask, GivesScoresTheGradientOfTheirWeightThroughTheMagnitude) {
  const LayerShape shape = masked_conv();
  const auto source = make_source(supermask_card("kept: 0.5, scale: fan_in"), shape);
  Parameter& score = *source->parameters()[0];
  score.value = masked_normals(shape.weights(), 1);
  masked_weight(*source, score.value.size());
  const std::vector<float> g = masked_normals(shape.weights(), 2);
  source->backward(g);
  source->backward(g);  // gradients add
  const double constant = std::sqrt(2.0 / (13 * 9) / 0.5);
  SeededSigns signs(layer_seed(0, "conv"), shape.weights());
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double side = score.value[i] < 0 ? -1 : 1;
    ASSERT_NEAR(score.gradient[i], 2 * side * constant * signs.signs()[i] * g[i], 1e-5);
  }
}

TEST(Supermask, StoresOneBitAWeightASeedAndAMagnitude) {
  const LayerShape shape = masked_conv();
  const std::vector<StoredStream> streams = stored_streams(supermask_card(), shape);
  ASSERT_EQ(streams.size(), 3u);
  EXPECT_EQ(streams[0].count * streams[0].bits, shape.weights());
  EXPECT_EQ(streams[1].count * streams[1].bits, 32);
  EXPECT_TRUE(streams[1].in_ratio);
  EXPECT_EQ(streams[2].count * streams[2].bits, 32);
  // 13 x 11 x 9 bits are 161 bytes; seed and magnitude 4 each.
  const Ratio ratio = ratio_of({.name = "one", .layers = {shape}}, supermask_card());
  EXPECT_EQ(ratio.complete_bits, 8 * (161 + 4 + 4));
}

TEST(Supermask, CountsTheSignsAndOneMaskingOfThirtyTwo) {
  const LayerShape shape = masked_conv();
  const RegenerationWork work = make_source(supermask_card(), shape)->work();
  const std::int64_t words = 41;  // 1287 weights
  EXPECT_EQ(work.shifts, words * 11);
  EXPECT_EQ(work.adds, words * (15 + 1));
  EXPECT_EQ(work.sum_bits, 32);
  EXPECT_EQ(work.intra_macs + work.cross_macs + work.lookups, 0);
}

TEST(Supermask, LinearLayersAreMaskedUnlessTheirBitsSayOtherwise) {
  const LayerShape linear{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 29, .out_channels = 10};
  EXPECT_EQ(stored_streams(supermask_card(), linear)[0].name, "mask");
  EXPECT_EQ(stored_streams(supermask_card("", ", fc_bits: 8"), linear)[0].name, "weight");
  EXPECT_EQ(stored_streams(supermask_card("", ", fc_bits: 8"), linear)[0].bits, 8);
}

TEST(Supermask, ReadsItsCardAndRefusesNonsense) {
  for (const char* keys : {"kept: 0", "kept: 1.1", "kept: -1", "scale: he", "share: 1"})
    EXPECT_THROW(supermask_card(keys), Error) << keys;
  EXPECT_THROW(supermask_card("", ", bits: 2"), Error);
  const LayerShape shape = masked_conv();
  const auto weight = [&](const std::string& keys, const std::string& name) {
    const auto source = make_source(supermask_card(keys), masked_conv(name));
    source->encode(masked_normals(shape.weights()));
    return masked_weight(*source, static_cast<std::size_t>(shape.weights()));
  };
  EXPECT_EQ(weight("seed: 5", "a"), weight("seed: 5", "a"));
  EXPECT_NE(weight("seed: 5", "a"), weight("seed: 6", "a"));
  EXPECT_NE(weight("seed: 5", "a"), weight("seed: 5", "b"));
}

// A checkpoint keeps the seed: read into a network whose card has another, it gives its weights.
TEST(Supermask, KeepsItsSeedAmongItsConstants) {
  const LayerShape shape = masked_conv();
  const auto source = make_source(supermask_card("seed: 5"), shape),
             other = make_source(supermask_card("seed: 6"), shape);
  source->encode(masked_normals(shape.weights()));
  other->parameters()[0]->value = source->parameters()[0]->value;
  for (std::size_t c = 0; c < source->constants().size(); ++c)
    other->constants()[c]->value = source->constants()[c]->value;
  const auto count = static_cast<std::size_t>(shape.weights());
  EXPECT_EQ(masked_weight(*source, count), masked_weight(*other, count));
  EXPECT_EQ(source->codes()[1].words, other->codes()[1].words);
}

// A flipped bit of the mask turns one weight on or off; one of the seed changes all signs.
TEST(Supermask, AFlippedMaskBitChangesOneWeightAndAFlippedSeedAll) {
  const LayerShape shape = masked_conv();
  const auto source = make_source(supermask_card("kept: 1, scale: fan_in"), shape);
  source->encode(masked_normals(shape.weights()));
  const std::vector<float> whole =
      masked_weight(*source, static_cast<std::size_t>(shape.weights()));
  std::vector<float> damaged(whole.size());
  std::vector<CodedStream> codes = source->codes();
  codes[0].words[17] = 0;
  source->decode(codes, damaged);
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(damaged[i], i == 17 ? 0.0f : whole[i]);
  codes[0].words[17] = 1;
  codes[1].words[0] ^= 1u << 9;
  source->decode(codes, damaged);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) changed += damaged[i] != whole[i] ? 1u : 0u;
  const double n = static_cast<double>(whole.size());  // half of them, standard error sqrt(n) / 2
  EXPECT_NEAR(static_cast<double>(changed), n / 2, 4 * std::sqrt(n) / 2);
  // Gradients after it are those of the faulty signs.
  const std::vector<float> g(whole.size(), 1.0f);
  source->backward(g);
  const std::vector<float>& gradient = source->parameters()[0]->gradient;
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(gradient[i], damaged[i]);

  BitErrorCard errors{.rate = 0.25, .seed = 1};
  std::vector<CodedStream> attacked = source->codes();
  flip_bits(errors, 0, attacked);
  EXPECT_EQ(attacked[1].words, source->codes()[1].words) << "the seed is protected unless named";
  errors.streams = {"seed"};
  EXPECT_GT(flip_bits(errors, 0, attacked), 0);
  EXPECT_NE(attacked[1].words, source->codes()[1].words);
}

TEST(Supermask, RefusesStreamsOfAnotherLayer) {
  const auto source = make_source(supermask_card(), masked_conv());
  std::vector<CodedStream> codes = source->codes();
  std::vector<float> dense(static_cast<std::size_t>(masked_conv().weights()));
  codes[0].words.pop_back();
  EXPECT_THROW(source->decode(codes, dense), Error);
  codes.pop_back();
  EXPECT_THROW(source->decode(codes, dense), Error);
}

}  // namespace
}  // namespace lightloom::nn
