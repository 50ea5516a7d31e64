#include "nn/weights/seeded/subspace_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <numeric>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

SourceCard subspace_card(const std::string& keys = "", const std::string& more = "") {
  return read_card<SourceCard>(
      parse_yaml("{source: subspace, subspace: {" + keys + "}" + more + "}", "test"));
}

LayerShape subspace_conv(int in, int out) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = 3,
          .kernel_width = 3};
}

std::vector<float> subspace_normals(std::int64_t count, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 31, .purpose = Purpose::test}), shot, values);
  return values;
}

double inner(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

/// n Q_b, column by column.
std::vector<std::vector<float>> columns_of(const StructuredBasis& basis, std::uint32_t seed,
                                           std::int64_t block) {
  std::vector<std::vector<float>> columns;
  for (std::size_t i = 0; i < basis.inputs(); ++i) {
    std::vector<float> unit(basis.inputs()), column(basis.block());
    unit[i] = 1;
    basis.expand(seed, block, unit, column);
    columns.push_back(column);
  }
  return columns;
}

/// A random sign of a layer: bit i of family f among words of 32, n / 32 a family.
double sign_of(std::uint32_t seed, std::uint32_t family, std::uint32_t n, std::uint32_t i) {
  const std::uint32_t word = seeded_word(seed, family * (n / 32) + i / 32);
  return (word >> (i % 32) & 1u) != 0 ? 1 : -1;
}

// n Q_b = S1 H S2b P H S3 by its elements: families 0 of the outputs, 1 of the inputs, 2 + b of the
// block; P moves i to order[i], a shuffle by the hash of (n, i).
TEST(StructuredBasis, IsTheProductThatItSaysItIs) {
  const std::uint32_t n = 64, seed = 9, block = 5;
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::uint32_t i = n; i > 1; --i) std::swap(order[i - 1], order[seeded_word(n, i) % i]);
  const auto hadamard = [](std::uint32_t a, std::uint32_t b) {
    return std::popcount(a & b) % 2 == 1 ? -1.0 : 1.0;
  };
  const auto columns = columns_of(StructuredBasis(static_cast<int>(n), 7), seed, block);
  for (std::uint32_t j = 0; j < 7; ++j)
    for (std::uint32_t row = 0; row < n; ++row) {
      double sum = 0;
      for (std::uint32_t m = 0; m < n; ++m)
        sum += hadamard(row, order[m]) * sign_of(seed, 2 + block, n, order[m]) * hadamard(m, j);
      ASSERT_EQ(columns[j][row], sign_of(seed, 0, n, row) * sum * sign_of(seed, 1, n, j));
    }
}

TEST(StructuredBasis, HasOrthonormalColumnsInEveryBlock) {
  const StructuredBasis basis(128, 11);
  for (const std::int64_t block : {0, 1, 77})
    for (const std::uint32_t seed : {0u, 5u}) {
      const auto columns = columns_of(basis, seed, block);
      for (std::size_t i = 0; i < 11; ++i)
        for (std::size_t j = 0; j < 11; ++j)
          ASSERT_EQ(inner(columns[i], columns[j]), i == j ? 128 * 128 : 0);
    }
}

TEST(StructuredBasis, ProjectsByTheTransposedMatrix) {
  const StructuredBasis basis(64, 9);
  const auto columns = columns_of(basis, 3, 4);
  const std::vector<float> y = subspace_normals(64);
  std::vector<float> projected(9);
  basis.project(3, 4, y, projected);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(projected[i], inner(columns[i], y), 1e-3);
}

// The inner product of columns of different seeds or blocks has the variance 1/n. Of one seed that
// of columns i and j depends on i xor j alone: of k^2 squares only k are independent, and their
// mean has a relative error of sqrt(2 / k).
TEST(StructuredBasis, BlocksAndSeedsHaveSubspacesOfTheirOwn) {
  const int n = 256, k = 16;
  const StructuredBasis basis(n, k);
  const auto one = columns_of(basis, 1, 0);
  for (const auto& [seed, block] : {std::pair{1u, 1}, std::pair{2u, 0}, std::pair{1u, 9}}) {
    const auto other = columns_of(basis, seed, block);
    double squares = 0;
    for (const auto& a : one)
      for (const auto& b : other) squares += std::pow(inner(a, b) / (n * n), 2);
    EXPECT_NEAR(squares * n / (k * k), 1, 4 * std::sqrt(2.0 / k));
    EXPECT_GT(squares, 0);
  }
}

// A projection onto k of n dimensions keeps the share k / n of white weights, and nothing is
// nearer: what is left is orthogonal to the subspace.
TEST(Subspace, EncodesTheNearestWeightsOfTheSubspace) {
  const LayerShape shape = subspace_conv(64, 64);  // 144 blocks of 256
  const std::vector<float> dense = subspace_normals(shape.weights());
  const auto source = make_source(subspace_card("inputs: 32"), shape);
  source->encode(dense);
  std::vector<float> weight(dense.size()), rest(dense.size());
  source->materialise(weight);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = dense[i] - weight[i];
  const double all = inner(dense, dense), kept = inner(weight, weight) / all, samples = 144 * 32;
  EXPECT_NEAR(kept, 32.0 / 256, 4 * 32.0 / 256 * std::sqrt(2 / samples));
  source->encode(rest);  // rounding of 8 bits is all that is left in the subspace
  source->materialise(weight);
  EXPECT_LT(inner(weight, weight), 1e-3 * kept * all);
}

// A whole basis turns normal weights into normal coefficients: rounded to few bits they have the
// error of uniform integers, clipped as those are.
TEST(Subspace, ClipsFewBitsAsUniformIntegersAre) {
  const LayerShape shape = subspace_conv(64, 64);
  const std::vector<float> dense = subspace_normals(shape.weights());
  for (const int bits : {2, 3, 4}) {
    const auto error = [&](const std::string& card) {
      const auto source = make_source(read_card<SourceCard>(parse_yaml(card, "test")), shape);
      source->encode(dense);
      std::vector<float> weight(dense.size());
      source->materialise(weight);
      for (std::size_t i = 0; i < weight.size(); ++i) weight[i] -= dense[i];
      return inner(weight, weight);
    };
    const double ratio =
        error(fmt::format("{{source: subspace, bits: {}, subspace: {{inputs: 256}}}}", bits)) /
        error(fmt::format("{{source: integer, bits: {}}}", bits));
    // The clip is searched in steps of the largest of either sample; left out, the error would be
    // more than twice as large at 4 bits, and more below.
    EXPECT_GT(ratio, 0.8) << bits;
    EXPECT_LT(ratio, 1.2) << bits;
  }
}

// Whatever lies in the subspace of integers comes back.
TEST(Subspace, GivesItsOwnWeightsBack) {
  const LayerShape shape = subspace_conv(10, 64);  // 5760 weights: 22 blocks and a half
  const auto source = make_source(subspace_card("seed: 4", ", bits: 5"), shape);
  Parameter& coefficient = *source->parameters()[0];
  for (std::size_t i = 0; i < coefficient.value.size(); ++i)
    coefficient.value[i] = 0.25f * (static_cast<float>(i % 31) - 15);
  std::vector<float> weight(5760), again(5760);
  source->materialise(weight);
  const std::vector<CodedStream> codes = source->codes();
  for (const std::uint32_t word : codes[0].words) ASSERT_LT(word, 32u);
  source->encode(weight);
  source->materialise(again);
  // All whole blocks; the last is cut, and its other half, taken for zeros, is not in the subspace.
  for (std::size_t i = 0; i < 22u * 256; ++i) ASSERT_NEAR(again[i], weight[i], 1e-5);
}

TEST(Subspace, LearnsByTheChainRule) {
  const LayerShape shape = subspace_conv(7, 9);  // 567 weights: a block of 512 and 55
  const auto source = make_source(subspace_card("block: 512, inputs: 5", ", bits: 8"), shape);
  source->encode(subspace_normals(shape.weights()));
  Parameter& coefficient = *source->parameters()[0];
  ASSERT_EQ(coefficient.value.size(), 10u);
  const std::vector<float> g = subspace_normals(shape.weights(), 1);
  std::vector<float> weight(g.size()), moved(g.size());
  source->materialise(weight);
  source->backward(g);
  source->backward(g);
  // One step of the rounding more: the largest stays, so the scale does.
  float largest = 0;
  for (const float a : coefficient.value) largest = std::max(largest, std::abs(a));
  const float step = largest / 127;
  for (std::size_t i = 0; i < 10; ++i) {
    if (std::abs(coefficient.value[i]) > 0.9f * largest) continue;
    const float kept = coefficient.value[i];
    coefficient.value[i] = kept + step;
    source->materialise(moved);
    coefficient.value[i] = kept;
    double slope = 0;
    for (std::size_t j = 0; j < g.size(); ++j) slope += (double{moved[j]} - weight[j]) * g[j];
    EXPECT_NEAR(coefficient.gradient[i], 2 * slope / step, 1e-3);
  }
}

TEST(Subspace, StoresItsCoefficientsASeedAndAScale) {
  // 567 weights: 3 blocks of 256, 16 coefficients of 6 bits each: 288 bits, 36 bytes.
  const LayerShape shape = subspace_conv(7, 9);
  const Ratio ratio = ratio_of({.name = "one", .layers = {shape}}, subspace_card("", ", bits: 6"));
  EXPECT_EQ(ratio.memory_bits, 288 + 32);
  EXPECT_EQ(ratio.complete_bits, 8 * (36 + 4 + 4));
  // Two transforms of 8 stages of 256 sums of 16 bits a block; signs of 5 families of 8 words,
  // which are twice as wide.
  const RegenerationWork work = make_source(subspace_card(), shape)->work();
  EXPECT_EQ(work.adds, 3 * 2 * 8 * 256 + 2 * 5 * 8 * 15);
  EXPECT_EQ(work.shifts, 2 * 5 * 8 * 11);
  EXPECT_EQ(work.sum_bits, 16);
  EXPECT_EQ(work.intra_macs + work.cross_macs + work.lookups, 0);
}

TEST(Subspace, GeneratesLinearLayersWhereTheCardSaysSo) {
  const LayerShape linear{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 29, .out_channels = 10};
  EXPECT_EQ(stored_streams(subspace_card("linear: generated"), linear)[0].name, "coefficient");
  EXPECT_EQ(stored_streams(subspace_card(), linear)[0].name, "weight");
  EXPECT_EQ(stored_streams(subspace_card(), linear)[0].bits, 8);
}

TEST(Subspace, ReadsItsCardAndRefusesNonsense) {
  for (const char* keys : {"block: 1", "block: 200", "block: 131072", "inputs: 0", "inputs: 257",
                           "linear: dense", "k: 2"})
    EXPECT_THROW(subspace_card(keys), Error) << keys;
  EXPECT_THROW(subspace_card("", ", bits: 1"), Error);
  EXPECT_THROW(subspace_card("", ", bits: 9"), Error);
  EXPECT_NO_THROW(subspace_card("inputs: 256"));
  const auto weight = [](const std::string& keys) {
    const LayerShape shape = subspace_conv(3, 9);
    const auto source = make_source(subspace_card(keys), shape);
    source->encode(subspace_normals(shape.weights()));
    std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
    source->materialise(dense);
    return dense;
  };
  EXPECT_EQ(weight("seed: 3"), weight("seed: 3"));
  EXPECT_NE(weight("seed: 3"), weight("seed: 2"));
}

TEST(Subspace, AFlippedCoefficientStaysInItsBlockAndASeedDoesNot) {
  const LayerShape shape = subspace_conv(7, 9);
  const auto source = make_source(subspace_card(), shape);
  source->encode(subspace_normals(shape.weights()));
  std::vector<float> weight(567), damaged(567);
  source->materialise(weight);
  std::vector<CodedStream> codes = source->codes();
  codes[0].words[20] ^= 1u << 6;
  source->decode(codes, damaged);
  std::size_t changed = 0;  // n Q has zeros
  for (std::size_t i = 0; i < 567; ++i) {
    if (i / 256 == 1)
      changed += damaged[i] != weight[i] ? 1u : 0u;
    else
      ASSERT_EQ(damaged[i], weight[i]) << i;
  }
  EXPECT_GT(changed, 200u);
  codes[0].words[20] ^= 1u << 6;
  codes[1].words[0] ^= 1u;
  source->decode(codes, damaged);
  // Independent weights of the same size: the squared distance is twice the square.
  EXPECT_NEAR(inner(damaged, weight) / inner(weight, weight), 0, 4 / std::sqrt(48.0));
  // Gradients refer to the seed that was decoded.
  source->backward(damaged);
  const std::vector<float> faulty = source->parameters()[0]->gradient;
  codes[1].words[0] ^= 1u;
  source->decode(codes, weight);
  std::fill(source->parameters()[0]->gradient.begin(), source->parameters()[0]->gradient.end(),
            0.0f);
  source->backward(damaged);
  EXPECT_NE(source->parameters()[0]->gradient, faulty);
  codes[0].words.pop_back();
  EXPECT_THROW(source->decode(codes, weight), Error);
  codes.pop_back();
  EXPECT_THROW(source->decode(codes, weight), Error);
}

TEST(Subspace, KeepsItsSeedAmongItsConstantsAndItsBitsOnAnyThreads) {
  const LayerShape shape = subspace_conv(17, 33);
  const auto source = make_source(subspace_card("seed: 1"), shape),
             other = make_source(subspace_card("seed: 2"), shape);
  source->encode(subspace_normals(shape.weights()));
  other->parameters()[0]->value = source->parameters()[0]->value;
  for (std::size_t c = 0; c < source->constants().size(); ++c)
    other->constants()[c]->value = source->constants()[c]->value;
  const int threads = omp_get_max_threads();
  std::vector<float> weight(static_cast<std::size_t>(shape.weights())), again(weight.size());
  omp_set_num_threads(1);
  source->materialise(weight);
  source->backward(weight);
  omp_set_num_threads(3);
  other->materialise(again);
  other->backward(again);
  omp_set_num_threads(threads);
  EXPECT_EQ(weight, again);
  EXPECT_EQ(source->parameters()[0]->gradient, other->parameters()[0]->gradient);
}

}  // namespace
}  // namespace lightloom::nn
