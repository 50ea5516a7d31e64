#include "nn/weights/multilevel/two_level_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/nn/weights/multilevel/fixture.hpp"

namespace lightloom::nn {
namespace {

std::vector<float> planted(const LayerShape& shape, int intra, int cross) {
  SourceCard card = multilevel(intra, cross);
  card.settings.of<MultilevelCard>().projection.method = ProjectionCard::Method::random;
  const auto source = make_source(card, shape);
  source->encode({});
  return materialised(*source, shape);
}

TEST(SvdFit, RecoversAWeightPlantedWithOneLevel) {
  for (const Case& one :
       {Case{convolution(6, 10, 3), 2, 0}, Case{convolution(6, 10, 3), 0, 4},
        Case{convolution(12, 10, 1), 0, 4}, Case{convolution(20, 20, 3, 20), 3, 0}}) {
    const std::vector<float> weight = planted(one.shape, one.intra, one.cross);
    const auto source = make_source(multilevel(one.intra, one.cross), one.shape);
    source->encode(weight);
    EXPECT_LT(distance(materialised(*source, one.shape), weight), 1e-5 * norm(weight));
  }
}

TEST(SvdFit, ResidualFallsWithEitherCardinality) {
  const LayerShape shape = convolution(8, 12, 3);
  const std::vector<float> weight = normals(shape.weights(), 0.1);
  const auto residual = [&](int intra, int cross) {
    const auto source = make_source(multilevel(intra, cross), shape);
    source->encode(weight);
    return distance(materialised(*source, shape), weight);
  };
  for (int intra = 1; intra < 7; ++intra)
    EXPECT_LE(residual(intra + 1, 0), residual(intra, 0)) << intra;
  for (int cross = 1; cross < 11; ++cross) {
    EXPECT_LE(residual(0, cross + 1), residual(0, cross)) << cross;
    EXPECT_LE(residual(3, cross + 1), residual(3, cross)) << cross;
  }
}

TEST(SvdFit, QuantisedFactorsComeCloseToTheUnquantisedFit) {
  const LayerShape shape = convolution(16, 24, 3);
  const std::vector<float> weight = planted(shape, 0, 6);
  for (const auto& [bits, tolerance] : {std::pair{4, 0.2}, {6, 0.05}, {8, 0.0125}}) {
    const auto source = make_source(multilevel(0, 6, {bits, bits, bits}), shape);
    source->encode(weight);
    // Two factors, each off by at most half a step of 2 R / (2^b - 1); rms 1/sqrt(3) of that, on
    // rms values near R / 3.
    EXPECT_LT(distance(materialised(*source, shape), weight), tolerance * norm(weight)) << bits;
  }
}

TEST(L2Fit, BeatsTheSvdOnAWeightPlantedWithBothLevels) {
  const LayerShape shape = convolution(8, 12, 3);
  const std::vector<float> weight = planted(shape, 2, 4);
  SourceCard card = multilevel(2, 4);
  const auto residual = [&] {
    const auto source = make_source(card, shape);
    source->encode(weight);
    return distance(materialised(*source, shape), weight) / norm(weight);
  };
  const double svd = residual();
  EXPECT_GT(svd, 0.05);  // a mixture of kernels of intra-rank 2 has a higher one
  card.settings.of<MultilevelCard>().projection.method = ProjectionCard::Method::l2;
  EXPECT_LT(residual(), 0.5 * svd);
  card.settings.of<MultilevelCard>().bits = {3, 6, 3};
  const double quantised = residual();
  card.settings.of<MultilevelCard>().projection.method = ProjectionCard::Method::svd;
  EXPECT_LT(quantised, residual());
}

// 40 kernels of 24 channels x 9 from 20 of 3: 2 / (40 x 9) for the basis, 2 / (20 x 3) for U, 2 /
// 40 for V; a variance from n normals is known to sqrt(2 / n).
TEST(RandomFit, EveryFactorHasItsVariance) {
  const LevelSizes sizes = sizes_of(convolution(24, 40, 3), 3, 20);
  const TwoLevelFit fit = random_fit(sizes, 11, 4);
  const auto expect_variance = [](const std::vector<float>& values, double variance) {
    const auto count = static_cast<double>(values.size());
    double mean = 0, square = 0;
    for (const double value : values) mean += value / count, square += value * value / count;
    EXPECT_NEAR(square, variance, 4 * variance * std::sqrt(2 / count));
    EXPECT_NEAR(mean, 0, 4 * std::sqrt(variance / count));
  };
  ASSERT_EQ(fit.basis.size(), 20U * 3 * 9);
  ASSERT_EQ(fit.u.size(), 20U * 24 * 3);
  ASSERT_EQ(fit.v.size(), 40U * 20);
  expect_variance(fit.basis, 2.0 / (40 * 9));
  expect_variance(fit.u, 2.0 / (20 * 3));
  expect_variance(fit.v, 2.0 / 40);
  EXPECT_EQ(fit.gain, 1);
}

}  // namespace
}  // namespace lightloom::nn
