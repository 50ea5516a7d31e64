#include "cosim/generator/optical_generator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

struct TwoLevel {
  std::vector<float> basis, u, v;
  nn::TwoLevelFactors factors;
  std::vector<float> dense;  // the exact product, summed in double
};

std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
  const Stream stream({.seed = seed});
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(2 * stream.uniform(i) - 1);
  return values;
}

TwoLevel two_level(int out, int in, int area, int cross, int intra) {
  TwoLevel t{numbers(as_index(cross * intra * area), 1),
             numbers(as_index(cross * in * intra), 2),
             numbers(as_index(out * cross), 3),
             {},
             {}};
  t.factors = {.out = out,
               .in = in,
               .area = area,
               .cross = cross,
               .intra = intra,
               .basis = t.basis,
               .u = t.u,
               .v = t.v};
  for (int o = 0; o < out; ++o)
    for (int c = 0; c < in; ++c)
      for (int s = 0; s < area; ++s) {
        double sum = 0;
        for (int m = 0; m < cross; ++m)
          for (int b = 0; b < intra; ++b)
            sum += double{t.v[as_index(o * cross + m)]} * t.u[as_index((m * in + c) * intra + b)] *
                   t.basis[as_index((m * intra + b) * area + s)];
        t.dense.push_back(static_cast<float>(sum));
      }
  return t;
}

std::vector<float> regenerate(const TwoLevel& t, const GeneratorNoise& noise,
                              std::uint32_t chip = 0, std::uint64_t write = 0) {
  std::vector<float> dense(t.dense.size());
  regenerate_optically(t.factors, noise, {{.seed = 1, .chip = chip, .layer = 2}, write}, dense);
  return dense;
}

double mean_square(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return sum / static_cast<double>(a.size());
}

TEST(OpticalGenerator, WithoutNoiseItIsTheProductOfItsFactors) {
  const TwoLevel t = two_level(7, 5, 9, 4, 2);
  const std::vector<float> dense = regenerate(t, {});
  for (std::size_t i = 0; i < dense.size(); ++i)
    EXPECT_NEAR(dense[i], t.dense[i], 8 * 4 * 0x1p-23);  // 8 terms below 1
}

TEST(OpticalGenerator, ALevelThatIsOffIsPassedThrough) {
  TwoLevel t = two_level(7, 5, 9, 7, 2);
  t.factors.v = {};
  const std::vector<float> kernels = regenerate(t, {.cross_sigma = 0.5});
  EXPECT_EQ(kernels, regenerate(t, {}));  // no level 2, no noise of level 2
  const std::vector<float> stored = numbers(7 * 5 * 9, 9);
  t.factors.u = {};
  t.factors.basis = stored;
  EXPECT_EQ(regenerate(t, {.coefficient_sigma = 0.5, .intra_sigma = 0.5, .cross_sigma = 0.5}),
            stored);
}

TEST(OpticalGenerator, Level1NoiseReachesTheWeightsThroughV) {
  // n1 of variance s^2 per generated value gives each weight of row o the variance s^2 sum_m
  // v_om^2.
  const TwoLevel t = two_level(9, 40, 25, 6, 2);
  const double sigma = 0.02;
  TwoLevel kernels = t;
  kernels.factors.v = {};
  float largest = 0;
  std::vector<float> level1(6 * 40 * 25);
  regenerate_optically(kernels.factors, {}, {}, level1);
  for (const float value : level1) largest = std::max(largest, std::fabs(value));
  double expected = 0;
  for (const float v : t.v) expected += double{v} * v / 9;
  expected *= std::pow(sigma * largest, 2);
  const double measured = mean_square(regenerate(t, {.intra_sigma = sigma}), regenerate(t, {}));
  // Only 6 x 1000 independent draws stand behind the 9000 weights.
  EXPECT_NEAR(measured, expected, 4 * expected * std::sqrt(2.0 / 6000));
}

TEST(OpticalGenerator, Level2NoiseAddsToTheWeightsDirectly) {
  const TwoLevel t = two_level(9, 40, 25, 6, 2);
  float largest = 0;
  for (const float value : t.dense) largest = std::max(largest, std::fabs(value));
  const double expected = std::pow(0.03 * largest, 2);
  const double measured = mean_square(regenerate(t, {.cross_sigma = 0.03}), regenerate(t, {}));
  EXPECT_NEAR(measured, expected, 4 * expected * std::sqrt(2.0 / 9000));
}

TEST(OpticalGenerator, AnErrorOfVTouchesOneKernelOnlyAndOneOfUAllOfThem) {
  const TwoLevel t = two_level(3, 4, 9, 2, 2);
  TwoLevel changed = t;
  std::vector<float> v = t.v;
  v[0] += 0.5F;
  changed.factors.v = v;
  const auto exact = regenerate(t, {}), one = regenerate(changed, {});
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_EQ(exact[i] == one[i], i >= 36) << i;
}

TEST(OpticalGenerator, ChipsAndWritesDrawTheirOwnNoiseAndRepeatIt) {
  const TwoLevel both = two_level(7, 5, 9, 4, 2);
  TwoLevel only_intra = both, only_cross = both;
  only_intra.factors.v = {};
  only_intra.dense.resize(4 * 5 * 9);
  only_cross.factors.u = {};
  const std::vector<float> kernels = numbers(4 * 5 * 9, 8);
  only_cross.factors.basis = kernels;
  const GeneratorNoise coefficients{.coefficient_sigma = 0.1}, intra{.intra_sigma = 0.1},
      cross{.cross_sigma = 0.1};
  const std::vector<std::pair<const TwoLevel*, const GeneratorNoise*>> cases{
      {&only_intra, &coefficients},
      {&only_cross, &coefficients},
      {&only_intra, &intra},
      {&only_cross, &cross}};
  for (const auto& [t, noise] : cases) {
    const auto first = regenerate(*t, *noise, 1, 2);
    EXPECT_EQ(first, regenerate(*t, *noise, 1, 2));
    EXPECT_NE(first, regenerate(*t, *noise, 2, 2));
    EXPECT_NE(first, regenerate(*t, *noise, 1, 3));
  }
}

TEST(OpticalGenerator, DigitalHandoverErrsByAtMostHalfAStepAndEffectiveBitsAgree) {
  const TwoLevel t = two_level(33, 40, 25, 6, 2);
  const auto exact = regenerate(t, {}), rounded = regenerate(t, {.handover_bits = 6});
  float largest = 0;
  for (const float value : exact) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < exact.size(); ++i)
    EXPECT_LE(std::fabs(exact[i] - rounded[i]), largest / 31 / 2 * 1.0001F);
  // 63 levels over the range: log2(62) bits by the uniform definition, if the range is filled on
  // both sides.
  EXPECT_NEAR(effective_bits(exact, rounded), std::log2(62.0), 0.1);
}

}  // namespace
}  // namespace lightloom::cosim
