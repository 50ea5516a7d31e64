#include "nn/weights/multilevel/multilevel_source.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "nn/optim/optimizer.hpp"
#include "tests/nn/weights/multilevel/fixture.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::nn {
namespace {

TEST(Multilevel, BoundOfThePaperSettingIsThePrintedOne) {
  EXPECT_EQ(generator(multilevel(2, 44, {3, 6, 3}), convolution(64, 64, 3)).integer_bound(),
            271656);
}

TEST(Multilevel, LevelOneEmitsNoMoreValuesThanThePaperCounts) {
  for (const auto& [q_b, q_u, intra] : {std::tuple{2, 2, 2}, {3, 2, 1}, {3, 3, 4}}) {
    const LayerShape shape = convolution(400, 30, 3);
    MultilevelSource source = generator(multilevel(intra, 0, {q_b, q_u, 8}), shape);
    const Stream stream({.seed = 5, .purpose = Purpose::test});
    for (Parameter* parameter : source.parameters())  // every code about equally often
      for (std::size_t i = 0; i < parameter->value.size(); ++i)
        parameter->value[i] = static_cast<float>(stream.uniform(i, parameter->value.size()) - 0.5);
    const std::vector<float> weight = materialised(source, shape);
    const std::set<float> seen(weight.begin(), weight.end());
    const int bound = ((1 << q_b) - 1) * ((1 << q_u) - 1) * intra + 1;
    EXPECT_LE(static_cast<int>(seen.size()), bound);
    if (q_b == 2 && q_u == 2) {
      EXPECT_EQ(bound, 19);
      EXPECT_EQ(seen.size(), 15u);  // all that two odd products of at most 3 x 3 can sum to
    }
  }
}

TEST(Multilevel, TheWholeCascadeEmitsIntegersWithinThePapersBound) {
  // Every weight is one scale times an integer of the parity of Bc Bi and of at most Bc Bi
  // (2^q_b - 1)(2^q_u - 1)(2^q_v - 1): that many values and one more, log2 of which stays below
  // sup(q) = q_b + q_u + q_v + log2(Bi Bc).
  for (const auto& [q_b, q_u, q_v, intra, cross] :
       {std::tuple{2, 2, 2, 2, 3}, {1, 3, 2, 1, 2}, {3, 6, 3, 2, 5}}) {
    const LayerShape shape = convolution(40, 60, 3);
    const SourceCard card = multilevel(intra, cross, {q_b, q_u, q_v});
    MultilevelSource source = generator(card, shape);
    const Stream stream({.seed = 5, .purpose = Purpose::test});
    for (Parameter* parameter : source.parameters())
      for (std::size_t i = 0; i < parameter->value.size(); ++i)
        parameter->value[i] = static_cast<float>(stream.uniform(i, parameter->value.size()) - 0.5);
    const std::vector<float> weight = materialised(source, shape);
    const double bound = source.integer_bound();
    double unit = 1;
    for (const QuantisedTensor* factor : {&source.basis(), &source.u(), &source.v()})
      unit *= factor->scale.scale;
    for (const float value : weight) {
      const double integer = value / unit;
      // The product with the scale rounds once, the scale itself three times.
      ASSERT_NEAR(integer, std::nearbyint(integer), 8 * 0x1p-24 * bound);
      ASSERT_LE(std::abs(std::nearbyint(integer)), bound);
      ASSERT_EQ((std::llabs(std::llround(integer)) - intra * cross) % 2, 0);
    }
    const std::set<float> seen(weight.begin(), weight.end());
    EXPECT_LE(static_cast<double>(seen.size()), bound + 1);
    EXPECT_LT(std::log2(bound + 1), precision_bits(card, shape));
    EXPECT_NEAR(precision_bits(card, shape), q_b + q_u + q_v + std::log2(intra * cross), 1e-12);
  }
}

TEST(Multilevel, EveryFactorAloneCanLowerTheLoss) {
  const LayerShape shape = convolution(8, 12, 3);
  const std::vector<float> target = normals(shape.weights(), 0.1, 7);
  for (std::size_t trained = 0; trained < 3; ++trained) {
    MultilevelSource source = generator(multilevel(2, 5, {4, 6, 4}), shape);
    source.encode(normals(shape.weights(), 0.1));
    Parameter* only[] = {source.parameters()[trained]};
    Optimizer optimizer({.kind = OptimizerKind::radam}, only);
    const double before = distance(materialised(source, shape), target);
    for (int step = 0; step < 200; ++step) {
      std::vector<float> d = materialised(source, shape);
      for (std::size_t i = 0; i < d.size(); ++i) d[i] -= target[i];
      source.backward(d);
      optimizer.step(0.01);
    }
    EXPECT_LT(distance(materialised(source, shape), target), 0.98 * before) << only[0]->name;
  }
}

TEST(Multilevel, GroupedConvolutionsStackTheirGroupsAlongTheChannels) {
  // Two groups of 3 -> 4: the same numbers as a dense 6 -> 4 layer whose channels are those of both
  // groups.
  const LayerShape grouped = convolution(6, 8, 3, 2), stacked = convolution(6, 4, 3);
  const std::vector<float> weight = normals(stacked.weights(), 0.1);
  std::vector<float> by_group(weight.size());
  for (int g = 0; g < 2; ++g)
    for (int j = 0; j < 4; ++j)
      for (int i = 0; i < 27; ++i)
        by_group[as_index((g * 4 + j) * 27 + i)] = weight[as_index(j * 54 + g * 27 + i)];
  const SourceCard card = multilevel(2, 3, {3, 6, 3});
  const auto left = make_source(card, grouped), right = make_source(card, stacked);
  left->encode(by_group);
  right->encode(weight);
  const std::vector<float> a = materialised(*left, grouped), b = materialised(*right, stacked);
  left->backward(by_group);
  right->backward(weight);
  for (int g = 0; g < 2; ++g)
    for (int j = 0; j < 4; ++j)
      for (int i = 0; i < 27; ++i)
        EXPECT_EQ(a[static_cast<std::size_t>((g * 4 + j) * 27 + i)],
                  b[static_cast<std::size_t>(j * 54 + g * 27 + i)]);
  for (std::size_t p = 0; p < 3; ++p)
    EXPECT_EQ(left->parameters()[p]->gradient, right->parameters()[p]->gradient);
}

TEST(Multilevel, TakesLinearLayersWhenAsked) {
  const LayerShape shape{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 60, .out_channels = 40};
  SourceCard card = multilevel(2, 10, {4, 4, 4});
  EXPECT_EQ(stored_streams(card, shape)[0].count, 60 * 40);
  card.settings.of<MultilevelCard>().linear = LinearLayers::generated;
  EXPECT_EQ(stored_streams(card, shape)[0].count, 10 * 60);
  EXPECT_EQ(stored_streams(card, shape)[1].count, 40 * 10);
  EXPECT_EQ(make_source(card, shape)->streams().size(), 3u);
}

TEST(Multilevel, CountsItsWork) {
  const auto source = make_source(multilevel(2, 44, {3, 6, 3}), convolution(64, 128, 3));
  EXPECT_EQ(source->work().intra_macs, 44 * 64 * 2 * 9);
  EXPECT_EQ(source->work().cross_macs, 128 * 44 * 64 * 9);
  EXPECT_EQ(source->work().mac_bits, 8);
  // Factors wider than 8 bits take wider multipliers; those that are not rounded are of 32 bits.
  const auto width = [](const FactorBits& bits) {
    return make_source(multilevel(2, 44, bits), convolution(64, 128, 3))->work().mac_bits;
  };
  EXPECT_EQ(width({3, 12, 3}), 12);
  EXPECT_EQ(width({32, 6, 3}), 32);
}

}  // namespace
}  // namespace lightloom::nn
