#include "nn/weights/multilevel/multilevel_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <Eigen/Dense>
#include <cmath>
#include <numeric>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/weights/direct/dense_source.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source_card.hpp"

namespace lightloom::nn {
namespace {

std::vector<float> normals(std::int64_t count, double spread, std::uint64_t shot = 0) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal(Stream({.seed = 5, .purpose = Purpose::test}), shot, values);
  for (float& value : values) value *= static_cast<float>(spread);
  return values;
}

LayerShape convolution(int in, int out, int kernel, int groups = 1) {
  return {.name = "conv",
          .in_channels = in,
          .out_channels = out,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .groups = groups};
}

SourceCard multilevel(int intra, int cross, FactorBits bits = {}) {
  return {.source = SourceKind::multilevel, .factor_bits = bits, .intra = intra, .cross = cross};
}

std::vector<float> materialised(WeightSource& source, const LayerShape& shape) {
  std::vector<float> weight(static_cast<std::size_t>(shape.weights()));
  source.materialise(weight);
  return weight;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return std::sqrt(sum);
}

double norm(const std::vector<float>& a) { return distance(a, std::vector<float>(a.size())); }

TEST(LevelSizes, FollowTheRulesInEveryCase) {
  const auto on = [](const LayerShape& shape, int intra, int cross) {
    const LevelSizes sizes = sizes_of(shape, intra, cross);
    return std::pair(sizes.intra_on(), sizes.cross_on);
  };
  const std::pair both(true, true), first(true, false), second(false, true), neither(false, false);
  EXPECT_EQ(on(convolution(64, 64, 3), 2, 44), both);
  EXPECT_EQ(on(convolution(64, 64, 3), 8, 63), both);     // last values that are on
  EXPECT_EQ(on(convolution(64, 64, 3), 9, 64), neither);  // first that are off
  EXPECT_EQ(on(convolution(64, 64, 3), 0, 44), second);   // a request of zero is off
  EXPECT_EQ(on(convolution(64, 64, 3), 2, 0), first);
  EXPECT_EQ(on(convolution(3, 64, 3), 2, 44), first);  // stem: min(64, 27) = 27
  EXPECT_EQ(on(convolution(3, 64, 3), 3, 26), second);
  EXPECT_EQ(on(convolution(1, 32, 5), 1, 24), second);    // grey images: level 1 never
  EXPECT_EQ(on(convolution(64, 128, 1), 1, 44), second);  // 1x1: level 1 never
  EXPECT_EQ(on(convolution(32, 128, 1), 1, 32), neither);
  EXPECT_EQ(on(convolution(96, 96, 3, 96), 5, 40), first);  // depthwise: one kernel of 96 channels
  EXPECT_EQ(on(convolution(96, 96, 3, 96), 9, 40), neither);
}

TEST(LevelSizes, GiveThePrintedShapesOfTheStem) {
  const LevelSizes stem = sizes_of(convolution(3, 64, 3), 2, 44);
  EXPECT_EQ(stem.basis(), 64 * 2 * 9);
  EXPECT_EQ(stem.u(), 64 * 3 * 2);
  EXPECT_EQ(stem.v(), 0);
  const LevelSizes depthwise = sizes_of(convolution(96, 96, 3, 96), 5, 40);
  EXPECT_EQ(depthwise.basis(), 5 * 9);
  EXPECT_EQ(depthwise.u(), 96 * 5);
}

TEST(LevelSizes, RefusingExpansionLeavesOffWhatStoresMore) {
  const LayerShape shape = convolution(64, 64, 3);
  EXPECT_EQ(sizes_of(shape, 8, 0).stored(), 64 * 584);
  EXPECT_FALSE(sizes_of(shape, 8, 0, Expansion::refused).generated());
  EXPECT_TRUE(sizes_of(shape, 7, 0, Expansion::refused).intra_on());
  EXPECT_FALSE(sizes_of(convolution(32, 32, 1), 0, 28, Expansion::refused).generated());
  for (int intra = 0; intra < 9; ++intra)
    for (int cross = 0; cross < 64; ++cross)
      EXPECT_LE(sizes_of(shape, intra, cross, Expansion::refused).stored(), shape.weights());
}

/// W[o, c, s] = sum over m, b of V[o, m] U[m, c, b] Wb[m, b, s], by definition, in double.
std::vector<double> by_definition(const TwoLevelFactors& f) {
  std::vector<double> weight;
  for (int o = 0; o < f.out; ++o)
    for (int c = 0; c < f.in; ++c)
      for (int s = 0; s < f.area; ++s) {
        double sum = 0;
        for (int m = 0; m < f.cross; ++m) {
          const double v = f.v.empty() ? (m == o) : f.v[static_cast<std::size_t>(o * f.cross + m)];
          double kernel = 0;
          if (f.u.empty()) kernel = f.basis[static_cast<std::size_t>((m * f.in + c) * f.area + s)];
          for (int b = 0; b < f.intra && !f.u.empty(); ++b)
            kernel += double{f.u[static_cast<std::size_t>((m * f.in + c) * f.intra + b)]} *
                      f.basis[static_cast<std::size_t>((m * f.intra + b) * f.area + s)];
          sum += v * kernel;
        }
        weight.push_back(sum);
      }
  return weight;
}

struct Case {
  LayerShape shape;
  int intra, cross;
};

const std::vector<Case> cases{{convolution(5, 7, 3), 2, 3},        // both levels
                              {convolution(5, 7, 3), 2, 0},        // level 1
                              {convolution(5, 7, 3), 0, 3},        // level 2
                              {convolution(3, 7, 5), 2, 40},       // stem: level 1
                              {convolution(1, 7, 5), 2, 4},        // grey stem: level 2
                              {convolution(13, 11, 1), 2, 5},      // 1x1: level 2
                              {convolution(19, 19, 3, 19), 3, 4},  // depthwise
                              {convolution(22, 30, 5), 4, 9}};     // several panels

TEST(Multilevel, MaterialisesItsDefinitionInAllSlotCases) {
  for (const Case& one : cases)
    for (const FactorBits bits :
         {FactorBits{3, 6, 3}, FactorBits{8, 8, 8}, FactorBits{1, 2, 1}, FactorBits{}}) {
      const SourceCard card = multilevel(one.intra, one.cross, bits);
      const auto source = make_source(card, one.shape);
      source->encode(normals(one.shape.weights(), 0.1));
      const std::vector<float> weight = materialised(*source, one.shape);
      const std::vector<double> expected = by_definition(source->factors().value());
      double largest = 0;
      for (const double value : expected) largest = std::max(largest, std::abs(value));
      // Rounding of sums of cross x intra products of magnitudes up to the largest factor products.
      for (std::size_t i = 0; i < weight.size(); ++i)
        ASSERT_NEAR(weight[i], expected[i], 3e-6 * largest + 1e-7)
            << one.shape.in_channels << " " << i;
    }
}

/// The integer of every weight, in 64-bit integers, from the codes alone.
std::vector<std::int64_t> integers(const MultilevelSource& source) {
  const LevelSizes& sizes = source.sizes();
  const auto code = [](const QuantisedTensor& factor, int at) {
    return static_cast<std::int64_t>(factor.levels[static_cast<std::size_t>(at)]);
  };
  std::vector<std::int64_t> sums;
  for (int o = 0; o < sizes.kernels; ++o)
    for (int c = 0; c < sizes.channels; ++c)
      for (int s = 0; s < sizes.area; ++s) {
        std::int64_t sum = 0;
        for (int m = 0; m < sizes.cross; ++m)
          for (int b = 0; b < sizes.intra; ++b)
            sum += code(source.v(), o * sizes.cross + m) *
                   code(source.u(), (m * sizes.channels + c) * sizes.intra + b) *
                   code(source.basis(), (m * sizes.intra + b) * sizes.area + s);
        sums.push_back(sum);
      }
  return sums;
}

TEST(Multilevel, EqualsIntegerArithmeticTimesOneScaleToTheBit) {
  // 8-8-8 passes 2^24, where single precision stops being exact; 1-1-1 has no tanh.
  for (const FactorBits bits :
       {FactorBits{3, 6, 3}, FactorBits{8, 8, 8}, FactorBits{12, 12, 8}, FactorBits{1, 1, 1}}) {
    const LayerShape shape = convolution(17, 23, 3);
    MultilevelSource source(multilevel(3, 13, bits), shape);
    source.encode(normals(shape.weights(), 0.1));
    const std::vector<float> weight = materialised(source, shape);
    const std::vector<std::int64_t> sums = integers(source);
    double scale = source.constants()[0]->value[0];
    for (const QuantisedTensor* factor : {&source.basis(), &source.u(), &source.v()})
      scale *= factor->scale.scale;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      ASSERT_EQ(weight[i], static_cast<float>(scale) * static_cast<float>(sums[i])) << bits.basis;
      ASSERT_LE(std::abs(static_cast<double>(sums[i])), source.integer_bound());
    }
  }
}

TEST(Multilevel, BoundOfThePaperSettingIsThePrintedOne) {
  EXPECT_EQ(MultilevelSource(multilevel(2, 44, {3, 6, 3}), convolution(64, 64, 3)).integer_bound(),
            271656);
}

TEST(Multilevel, LevelOneEmitsNoMoreValuesThanThePaperCounts) {
  for (const auto& [q_b, q_u, intra] : {std::tuple{2, 2, 2}, {3, 2, 1}, {3, 3, 4}}) {
    const LayerShape shape = convolution(400, 30, 3);
    MultilevelSource source(multilevel(intra, 0, {q_b, q_u, 8}), shape);
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
    MultilevelSource source(card, shape);
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

/// Loss = sum of g times W; central differences over one latent element.
double difference(WeightSource& source, const LayerShape& shape, const std::vector<float>& g,
                  float& latent) {
  const float kept = latent, shift = 1e-2f;
  const auto loss = [&](float value) {
    latent = value;
    const std::vector<float> weight = materialised(source, shape);
    return std::inner_product(weight.begin(), weight.end(), g.begin(), 0.0);
  };
  const double up = loss(kept + shift), down = loss(kept - shift);
  latent = kept;
  return (up - down) / (double{kept + shift} - double{kept - shift});
}

TEST(Multilevel, GradientsOfAllFactorsAreTheDifferencesWhenNothingIsRounded) {
  std::vector<Case> all(std::begin(cases), std::end(cases));
  all.push_back(all.front());
  all.back().shape = convolution(31, 150, 3);  // more than one block of rows and of columns
  for (const Case& one : all) {
    const auto source = make_source(multilevel(one.intra, one.cross), one.shape);
    source->encode(normals(one.shape.weights(), 0.1));
    const std::vector<float> g = normals(one.shape.weights(), 1.0, 3);
    materialised(*source, one.shape);
    source->backward(g);
    for (Parameter* parameter : source->parameters()) {
      double scale = 0;
      for (const float d : parameter->gradient) scale = std::max(scale, std::abs(double{d}));
      const std::size_t stride = std::max<std::size_t>(1, parameter->value.size() / 7);
      for (std::size_t i = 0; i < parameter->value.size(); i += stride)
        // W is linear in each element, so the difference is exact but for rounding.
        ASSERT_NEAR(parameter->gradient[i], difference(*source, one.shape, g, parameter->value[i]),
                    1e-2 * scale)
            << parameter->name << " " << i;
    }
  }
}

/// dL/dvalue of one element of a factor for L = sum of g times W: W is linear in it.
double value_gradient(const TwoLevelFactors& f, std::vector<float>& element_of, std::size_t at,
                      const std::vector<float>& g) {
  const std::vector<double> before = by_definition(f);
  element_of[at] += 1.0f;
  const std::vector<double> after = by_definition(f);
  element_of[at] -= 1.0f;
  double sum = 0;
  for (std::size_t i = 0; i < g.size(); ++i) sum += g[i] * (after[i] - before[i]);
  return sum;
}

TEST(Multilevel, GradientsThroughTheQuantisersFollowTheClosedForm) {
  const LayerShape shape = convolution(5, 7, 3);
  MultilevelSource source(multilevel(2, 3, {3, 6, 3}), shape);
  source.encode(normals(shape.weights(), 0.1));
  const std::vector<float> g = normals(shape.weights(), 3.0, 3);
  materialised(source, shape);
  source.backward(g);

  TwoLevelFactors f = source.factors().value();
  std::vector<float> basis(f.basis.begin(), f.basis.end()), u(f.u.begin(), f.u.end()),
      v(f.v.begin(), f.v.end());
  f.basis = basis;
  f.u = u;
  f.v = v;
  const double gain = source.constants()[0]->value[0];
  const struct {
    const QuantisedTensor& factor;
    std::vector<float>& values;
    double outside;  // the gain is folded into v
  } all[] = {{source.basis(), basis, 1.0}, {source.u(), u, 1.0}, {source.v(), v, gain}};
  for (const auto& [factor, values, outside] : all) {
    int clamped = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double d = outside * value_gradient(f, values, i, g);
      const double two_r = 2 * double{factor.scale.range},
                   t = std::tanh(double{factor.latent.value[i]});
      clamped += std::abs(two_r * d) > 1;
      EXPECT_NEAR(factor.latent.gradient[i], std::clamp(two_r * d, -1.0, 1.0) / two_r * (1 - t * t),
                  1e-4)
          << factor.latent.name << " " << i;
    }
    EXPECT_GT(clamped, 0) << factor.latent.name;
    EXPECT_LT(clamped, static_cast<int>(values.size())) << factor.latent.name;
  }
}

TEST(Multilevel, EveryFactorAloneCanLowerTheLoss) {
  const LayerShape shape = convolution(8, 12, 3);
  const std::vector<float> target = normals(shape.weights(), 0.1, 7);
  for (std::size_t trained = 0; trained < 3; ++trained) {
    MultilevelSource source(multilevel(2, 5, {4, 6, 4}), shape);
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

std::vector<float> planted(const LayerShape& shape, int intra, int cross) {
  SourceCard card = multilevel(intra, cross);
  card.projection.method = ProjectionCard::Method::random;
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
  card.projection.method = ProjectionCard::Method::l2;
  EXPECT_LT(residual(), 0.5 * svd);
  card.factor_bits = {3, 6, 3};
  const double quantised = residual();
  card.projection.method = ProjectionCard::Method::svd;
  EXPECT_LT(quantised, residual());
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
        by_group[static_cast<std::size_t>((g * 4 + j) * 27 + i)] =
            weight[static_cast<std::size_t>(j * 54 + g * 27 + i)];
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

TEST(Multilevel, EncodesAndMaterialisesTheSameBitsOnAnyNumberOfThreads) {
  // Sums over 432 columns and 330 kernels: longer than what is kept in one piece.
  const LayerShape shape = convolution(48, 340, 3);
  const std::vector<float> weight = normals(shape.weights(), 0.1);
  const int before = omp_get_max_threads();
  SourceCard card = multilevel(0, 330);
  card.projection = {.method = ProjectionCard::Method::l2, .steps = 1};
  std::vector<float> first;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    const auto source = make_source(card, shape);
    source->encode(weight);
    const std::vector<float> now = materialised(*source, shape);
    if (first.empty()) first = now;
    EXPECT_EQ(now, first) << threads;
  }
  omp_set_num_threads(before);
}

TEST(Multilevel, TakesLinearLayersWhenAsked) {
  const LayerShape shape{
      .name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 60, .out_channels = 40};
  SourceCard card = multilevel(2, 10, {4, 4, 4});
  EXPECT_EQ(stored_streams(card, shape)[0].count, 60 * 40);
  card.linear = LinearLayers::generated;
  EXPECT_EQ(stored_streams(card, shape)[0].count, 10 * 60);
  EXPECT_EQ(stored_streams(card, shape)[1].count, 40 * 10);
  EXPECT_EQ(make_source(card, shape)->streams().size(), 3u);
}

TEST(Multilevel, CountsItsWork) {
  const auto source = make_source(multilevel(2, 44, {3, 6, 3}), convolution(64, 128, 3));
  EXPECT_EQ(source->work().intra_macs, 44 * 64 * 2 * 9);
  EXPECT_EQ(source->work().cross_macs, 128 * 44 * 64 * 9);
}

TEST(Source, StoresExactlyWhatTheLedgerCounts) {
  const std::vector<LayerShape> shapes{
      convolution(3, 16, 3),
      convolution(16, 32, 1),
      convolution(32, 32, 3, 32),
      {.name = "fc", .kind = LayerShape::Kind::linear, .in_channels = 33, .out_channels = 10}};
  for (const SourceCard& card : {SourceCard{}, SourceCard{.source = SourceKind::integer, .bits = 4},
                                 multilevel(2, 8, {3, 6, 3}), multilevel(2, 8)})
    for (const LayerShape& shape : shapes) {
      const auto source = make_source(card, shape);
      const auto own = source->streams(), counted = stored_streams(card, shape);
      ASSERT_EQ(own.size(), counted.size());
      std::int64_t words = 0;
      for (std::size_t i = 0; i < own.size(); ++i) {
        EXPECT_EQ(own[i].name, counted[i].name);
        EXPECT_EQ(own[i].count, counted[i].count);
        EXPECT_EQ(own[i].bits, counted[i].bits);
        if (own[i].in_ratio) words += own[i].count;
      }
      std::int64_t trained = 0;
      for (const Parameter* parameter : source->parameters())
        trained += static_cast<std::int64_t>(parameter->value.size());
      EXPECT_EQ(words, trained);
    }
}

TEST(Source, DenseAndIntegerReturnWhatTheyWereGiven) {
  const LayerShape shape = convolution(7, 9, 3);
  const std::vector<float> weight = normals(shape.weights(), 0.5);
  float largest = 0;
  for (const float value : weight) largest = std::max(largest, std::abs(value));
  EXPECT_GT(largest, 1.0f);  // past what tanh can give: the gain has to make it good
  const auto worst = [&](std::unique_ptr<WeightSource> source) {
    source->encode(weight);
    const std::vector<float> back = materialised(*source, shape);
    double miss = 0;
    for (std::size_t i = 0; i < weight.size(); ++i)
      miss = std::max(miss, std::abs(double{back[i]} - weight[i]));
    return miss;
  };
  EXPECT_EQ(worst(make_source({}, shape)), 0.0);
  EXPECT_LE(worst(std::make_unique<IntegerSource>(shape, 8)), 0.5001 * largest / 127);
  EXPECT_LE(worst(std::make_unique<DenseSource>(shape, 8)), 1.0001 * largest / 255);
}

TEST(Source, CardsReadTheFormOfTheDesign) {
  const auto card =
      read_card<SourceCard>(parse_yaml("{source: multilevel, intra: 2, cross: 8, bits: {basis: 4, "
                                       "intra: 5, cross: 6}, activations: 8}",
                                       "card"));
  EXPECT_EQ(card.source, SourceKind::multilevel);
  EXPECT_EQ(card.factor_bits.intra, 5);
  EXPECT_EQ(card.linear_bits(), 8);
  EXPECT_EQ(card.activations, 8);
  EXPECT_EQ(read_card<SourceCard>(parse_yaml("{source: integer, bits: 4}", "card")).bits, 4);
  EXPECT_EQ(
      read_card<SourceCard>(parse_yaml("{source: multilevel, intra: 2}", "card")).linear_bits(),
      32);
  EXPECT_THROW(read_card<SourceCard>(parse_yaml("{source: multilevle}", "card")), Error);
  EXPECT_THROW(read_card<SourceCard>(parse_yaml("{source: integer, bits: {basis: 3}}", "card")),
               Error);
  EXPECT_THROW(read_card<SourceCard>(parse_yaml("{source: multilevel, bits: {basis: 0}}", "card")),
               Error);
}

}  // namespace
}  // namespace lightloom::nn
