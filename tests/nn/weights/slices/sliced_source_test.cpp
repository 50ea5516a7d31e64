// Slices of layers' weights against the whole weight, by hand.
#include "nn/weights/slices/sliced_source.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random/random.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

LayerShape conv_shape(int out, int in, int kernel) {
  return {.name = "sliced",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel};
}

/// The first 5 of 9 outputs and inputs 0, 2, 3, 6 of 7: no prefix, as behind a flattened map.
LayerSlice odd_slice() {
  return {.whole = conv_shape(9, 7, 3), .part = conv_shape(5, 4, 3), .inputs = {0, 2, 3, 6}};
}

std::vector<float> normal_numbers(std::int64_t count, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 3}), shot, values);
  return values;
}

/// W[o, inputs[i], s], index by index.
std::vector<float> by_index(const LayerSlice& slice, const std::vector<float>& whole) {
  std::vector<float> part;
  const int area = slice.whole.kernel_area();
  for (int o = 0; o < slice.part.out_channels; ++o)
    for (const int i : slice.inputs)
      for (int s = 0; s < area; ++s) {
        const int at = (o * slice.whole.in_channels + i) * area + s;
        part.push_back(whole[static_cast<std::size_t>(at)]);
      }
  return part;
}

SourceCard two_level(int intra, int cross, int bits, const char* kind = "multilevel") {
  SourceCard card{.source = kind, .settings = {}, .layers = {}};
  auto& own = card.settings.of<MultilevelCard>();
  own.intra = intra;
  own.cross = cross;
  own.bits = {bits, bits, bits};
  card.bits = bits;
  return card;
}

double sum_of_products(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

TEST(LayerSlice, TakesTheRowsAndColumnsThatItNames) {
  const LayerSlice slice = odd_slice();
  const std::vector<float> whole = normal_numbers(slice.whole.weights());
  std::vector<float> part(static_cast<std::size_t>(slice.part.weights()));
  gather(slice, whole, part);
  EXPECT_EQ(part, by_index(slice, whole));
}

TEST(LayerSlice, ScattersAsTheTransposeOfGathering) {
  const LayerSlice slice = odd_slice();
  const std::vector<float> whole = normal_numbers(slice.whole.weights()),
                           part = normal_numbers(slice.part.weights(), 1);
  std::vector<float> taken(part.size()), put(whole.size(), 7.0f);
  gather(slice, whole, taken);
  scatter(slice, part, put);
  EXPECT_NEAR(sum_of_products(taken, part), sum_of_products(whole, put), 1e-4);
}

TEST(LayerSlice, OfADepthwiseLayerHasItsFirstKernels) {
  LayerSlice slice{
      .whole = conv_shape(6, 6, 3), .part = conv_shape(4, 4, 3), .inputs = {0, 1, 2, 3}};
  slice.whole.groups = 6;
  slice.part.groups = 4;
  const std::vector<float> whole = normal_numbers(slice.whole.weights());
  std::vector<float> part(static_cast<std::size_t>(slice.part.weights()));
  gather(slice, whole, part);
  EXPECT_EQ(part, std::vector<float>(whole.begin(), whole.begin() + 36));
}

class TwoLevelSlices : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(TwoLevelSlices, AreTheWholesRowsAndColumnsToTheBit) {
  const LayerSlice slice = odd_slice();
  const SourceCard card = two_level(GetParam().first, GetParam().second, 4);
  const auto whole = make_source(card, slice.whole);
  whole->encode(normal_numbers(slice.whole.weights()));
  std::vector<float> dense(static_cast<std::size_t>(slice.whole.weights())),
      part(static_cast<std::size_t>(slice.part.weights()));
  whole->materialise(dense);
  SlicedSource sliced(*whole, slice);
  sliced.materialise(part);
  EXPECT_EQ(part, by_index(slice, dense));
}

TEST_P(TwoLevelSlices, GiveTheirFactorsTheGradientsThatTheWholeWould) {
  const LayerSlice slice = odd_slice();
  const SourceCard card = two_level(GetParam().first, GetParam().second, 4);
  const auto one = make_source(card, slice.whole), other = make_source(card, slice.whole);
  const std::vector<float> target = normal_numbers(slice.whole.weights()),
                           d_part = normal_numbers(slice.part.weights(), 1);
  one->encode(target);
  other->encode(target);
  std::vector<float> dense(target.size()), part(d_part.size()), d_dense(target.size());
  other->materialise(dense);
  scatter(slice, d_part, d_dense);
  other->backward(d_dense);
  SlicedSource sliced(*one, slice);
  sliced.materialise(part);
  sliced.backward(d_part);
  for (std::size_t p = 0; p < one->parameters().size(); ++p) {
    const Parameter &own = *one->parameters()[p], &expected = *other->parameters()[p];
    double largest = 0;
    for (const float g : expected.gradient) largest = std::max(largest, std::fabs(double{g}));
    EXPECT_GT(largest, 0) << own.name;
    for (std::size_t i = 0; i < own.gradient.size(); ++i)  // sums of at most 63 products
      EXPECT_NEAR(own.gradient[i], expected.gradient[i], 64 * 1.2e-7 * largest) << own.name;
  }
}

TEST_P(TwoLevelSlices, StoreTheWholeBaseAndTheirShareOfTheFactors) {
  const auto [intra, cross] = GetParam();
  const LayerSlice slice = odd_slice();
  const auto whole = make_source(two_level(intra, cross, 4), slice.whole);
  const SlicedSource sliced(*whole, slice);
  const int rows = cross > 0 ? cross : 5;
  const int basis = intra > 0 ? rows * intra * 9 : rows * 4 * 9;
  const int u = intra > 0 ? rows * 4 * intra : 0, v = cross > 0 ? 5 * cross : 0;
  EXPECT_EQ(bits_of(sliced.streams()), 4 * (basis + u + v) + 32);
  EXPECT_EQ(sliced.work().intra_macs, intra > 0 ? rows * 4 * 9 * intra : 0);
  EXPECT_EQ(sliced.work().cross_macs, cross > 0 ? rows * 4 * 9 * 5 : 0);
}

INSTANTIATE_TEST_SUITE_P(Levels, TwoLevelSlices,
                         testing::Values(std::pair{2, 3}, std::pair{0, 3}, std::pair{2, 0},
                                         // more generated kernels than the slice has outputs
                                         std::pair{3, 6}));

TEST(TwoLevelSlices, HaveFactorsWhoseProductTheyAre) {
  const LayerSlice slice = odd_slice();
  const auto whole = make_source(two_level(2, 3, 4), slice.whole);
  whole->encode(normal_numbers(slice.whole.weights()));
  SlicedSource sliced(*whole, slice);
  std::vector<float> part(static_cast<std::size_t>(slice.part.weights()));
  sliced.materialise(part);
  const TwoLevelFactors f = *sliced.factors();
  ASSERT_EQ(f.out, 5);
  ASSERT_EQ(f.in, 4);
  for (int o = 0; o < f.out; ++o)
    for (int i = 0; i < f.in; ++i)
      for (int s = 0; s < f.area; ++s) {
        double sum = 0;
        for (int m = 0; m < f.cross; ++m)
          for (int b = 0; b < f.intra; ++b) {
            const int in_v = o * f.cross + m, in_u = (m * f.in + i) * f.intra + b,
                      in_basis = (m * f.intra + b) * f.area + s;
            sum += double{f.v[static_cast<std::size_t>(in_v)]} *
                   f.u[static_cast<std::size_t>(in_u)] *
                   f.basis[static_cast<std::size_t>(in_basis)];
          }
        const int at = (o * f.in + i) * f.area + s;
        EXPECT_NEAR(part[static_cast<std::size_t>(at)], sum, 1e-5);
      }
}

TEST(SlicedSource, SendsGradientsOfWordsToTheWhole) {
  const LayerSlice slice = odd_slice();
  const auto whole = make_source({}, slice.whole);
  whole->encode(normal_numbers(slice.whole.weights()));
  SlicedSource sliced(*whole, slice);
  std::vector<float> part(static_cast<std::size_t>(slice.part.weights()));
  sliced.materialise(part);
  const std::vector<float> d_part = normal_numbers(slice.part.weights(), 1);
  sliced.backward(d_part);
  EXPECT_TRUE(sliced.parameters().empty()) << "an optimiser trains the whole's";
  EXPECT_EQ(by_index(slice, whole->parameters().front()->gradient), d_part);
  EXPECT_NEAR(
      sum_of_products(whole->parameters().front()->gradient, whole->parameters().front()->gradient),
      sum_of_products(d_part, d_part), 1e-3)
      << "and no gradient is anywhere else";
}

}  // namespace
}  // namespace lightloom::nn
