#include "nn/weights/multilevel/two_level_product.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <numeric>

#include "tests/nn/weights/multilevel/fixture.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::nn {
namespace {

/// W[o, c, s] = sum over m, b of V[o, m] U[m, c, b] Wb[m, b, s], by definition, in double.
std::vector<double> product_by_definition(const TwoLevelFactors& f) {
  std::vector<double> weight;
  for (int o = 0; o < f.out; ++o)
    for (int c = 0; c < f.in; ++c)
      for (int s = 0; s < f.area; ++s) {
        double sum = 0;
        for (int m = 0; m < f.cross; ++m) {
          const double v = f.v.empty() ? (m == o) : f.v[as_index(o * f.cross + m)];
          double kernel = 0;
          if (f.u.empty()) kernel = f.basis[as_index((m * f.in + c) * f.area + s)];
          for (int b = 0; b < f.intra && !f.u.empty(); ++b)
            kernel += double{f.u[as_index((m * f.in + c) * f.intra + b)]} *
                      f.basis[as_index((m * f.intra + b) * f.area + s)];
          sum += v * kernel;
        }
        weight.push_back(sum);
      }
  return weight;
}

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
      const std::vector<double> expected = product_by_definition(source->factors().value());
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
    MultilevelSource source = generator(multilevel(3, 13, bits), shape);
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
  const std::vector<double> before = product_by_definition(f);
  element_of[at] += 1.0f;
  const std::vector<double> after = product_by_definition(f);
  element_of[at] -= 1.0f;
  double sum = 0;
  for (std::size_t i = 0; i < g.size(); ++i) sum += g[i] * (after[i] - before[i]);
  return sum;
}

TEST(Multilevel, GradientsThroughTheQuantisersFollowTheClosedForm) {
  const LayerShape shape = convolution(5, 7, 3);
  MultilevelSource source = generator(multilevel(2, 3, {3, 6, 3}), shape);
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

TEST(Multilevel, EncodesAndMaterialisesTheSameBitsOnAnyNumberOfThreads) {
  // Sums over 432 columns and 330 kernels: longer than what is kept in one piece.
  const LayerShape shape = convolution(48, 340, 3);
  const std::vector<float> weight = normals(shape.weights(), 0.1);
  const int before = omp_get_max_threads();
  SourceCard card = multilevel(0, 330);
  card.settings.of<MultilevelCard>().projection = {.method = ProjectionCard::Method::l2,
                                                   .steps = 1};
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

}  // namespace
}  // namespace lightloom::nn
