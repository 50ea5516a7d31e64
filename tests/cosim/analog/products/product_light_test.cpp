// Whose draws what a core that modulates both operands sends and detects has, and the ranges that
// products of maps get.
#include <gtest/gtest.h>

#include <algorithm>

#include "cosim/analog/range_calibration.hpp"
#include "tests/cosim/analog/products/dynamic_fixture.hpp"

namespace lightloom::cosim {
namespace {

constexpr int light_shots = 4000;

/// Moments of outputs over images, of an engine whose ranges the same product set.
struct LightMoments {
  std::vector<double> mean, variance;
  std::vector<std::vector<float>> all;
  [[nodiscard]] double covariance(std::size_t a, std::size_t b) const {
    double sum = 0;
    for (const std::vector<float>& one : all) sum += (one[a] - mean[a]) * (one[b] - mean[b]);
    return sum / light_shots;
  }
};
LightMoments light_moments(const photonic::CoreDescription& description,
                           const TestProduct& product) {
  const ExactCore core(description);
  AnalogEngine engine(core, 4, 0);
  product.calibrate(engine);
  LightMoments moments;
  for (int s = 0; s < light_shots; ++s)
    moments.all.push_back(product.on(engine, static_cast<std::uint64_t>(s)));
  const std::size_t size = moments.all.front().size();
  moments.mean.resize(size);
  moments.variance.resize(size);
  for (const std::vector<float>& one : moments.all)
    for (std::size_t k = 0; k < size; ++k) moments.mean[k] += one[k] / double{light_shots};
  for (std::size_t k = 0; k < size; ++k) moments.variance[k] = moments.covariance(k, k);
  return moments;
}

TestProduct positive_product() {
  TestProduct product(1, 4, 8, 5);
  for (auto* values : {&product.inputs, &product.weights})
    for (float& value : *values) value = std::abs(value);
  return product;
}

// (1 + a) (1 + b) cos(c - d) of four independent normals has the mean exp(-sigma^2) of its cosine,
// whatever the magnitudes; draws in common would show in it.
TEST(ProductLight, MagnitudesAndPhasesOfBothOperandsAreIndependent) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.operands.magnitude_sigma = 1;
  description.operands.phase_sigma_rad = 0.5;
  const TestProduct product = positive_product();
  const std::vector<double> exact = product.exact();
  const LightMoments found = light_moments(description, product);
  for (std::size_t k = 0; k < exact.size(); ++k)
    EXPECT_NEAR(found.mean[k], std::exp(-0.25) * exact[k],
                4.5 * std::sqrt(found.variance[k] / light_shots))
        << k;
}

// A product goes with cos(c - d), whose variance is (1 - exp(-2 sigma^2))^2 / 2: half of it, and no
// mean, is that of the quadratures. Standard error of a variance: below 5 %.
TEST(ProductLight, QuadraturesInterfereToo) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.operands.phase_sigma_rad = 0.4;
  const TestProduct product = positive_product();
  const LightMoments found = light_moments(description, product);
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    double squares = 0;
    for (int k = 0; k < 8; ++k) squares += std::pow(double{x[k]} * w[k], 2);
    const double variance = std::pow(1 - std::exp(-2 * 0.16), 2) / 2 * squares;
    EXPECT_NEAR(found.variance[at] / variance, 1, 0.25) << at;
  });
}

// Vectors of one group are lit by the same symbols, those of different groups by others.
TEST(ProductLight, TheLaserIsNoisyTogetherForWhatItLightsTogether) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.noise.relative = 0.1;
  const TestProduct product = positive_product();
  std::vector<double> parts(2 * 20);  // by output and symbol
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    for (std::size_t k = 0; k < 8; ++k) parts[2 * at + k / 4] += double{x[k]} * w[k];
  });
  const LightMoments found = light_moments(description, product);
  const auto bound = [&](std::size_t a, std::size_t b) {
    return 4.5 * std::sqrt(2 * found.variance[a] * found.variance[b] / light_shots);
  };
  const double together = 0.01 * (parts[0] * parts[10] + parts[1] * parts[11]);
  EXPECT_NEAR(found.covariance(0, 5), together, bound(0, 5));
  EXPECT_GT(together, bound(0, 5));
  EXPECT_NEAR(found.covariance(0, 15), 0, bound(0, 15));
}

// What a pair of diodes lets through of the laser's noise is there where nothing else is drawn.
TEST(ProductLight, LeakingLaserNoiseNeedsNoOtherNoise) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.noise = {.relative = 0.1, .leak = 0.5};
  description.operands.input_light = 0.4;
  description.operands.weight_light = 0.9;
  const TestProduct product(1, 4, 8, 5);
  const LightMoments found = light_moments(description, product);
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    double variance = 0;
    for (int s = 0; s < 2; ++s) {
      double sum = 0;
      for (int k = 4 * s; k < 4 * s + 4; ++k)
        sum += double{x[k]} * w[k] + 0.5 * (0.4 * x[k] * x[k] + 0.9 * w[k] * w[k]);
      variance += 0.01 * sum * sum;
    }
    EXPECT_NEAR(found.variance[at], variance, 4.5 * variance * std::sqrt(2.0 / light_shots)) << at;
  });
}

// The light of intensities is they themselves, and what codes of 0 leave.
TEST(ProductLight, IntensitiesHaveShotNoiseOfWhatIsLit) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.coding = photonic::InputCoding::intensity;
  description.noise = {.shot = 0.3, .dark = 0.25};
  description.operands.input_light = 1;
  description.operands.weight_light = 0;
  const TestProduct product(1, 4, 8, 5, 1, 0);
  const LightMoments found = light_moments(description, product);
  product.for_each_output([&](std::size_t at, const float* x, const float*) {
    double light = 0;
    for (int k = 0; k < 8; ++k) light += x[k] + 0.25;
    const double variance = 0.09 * light;
    EXPECT_NEAR(found.variance[at], variance, 4.5 * variance * std::sqrt(2.0 / light_shots)) << at;
  });
}

TEST(ProductRanges, WeightsTakeTheRangeOfTheirCalibration) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.input_dac.bits = 3;            // thirds
  description.operands.weight_dac.bits = 2;  // -3, 0, 3
  const ExactCore core(description);
  TestProduct product(1, 1, 2, 1);
  product.inputs = {1, 0.4F};
  product.weights = {-3, 1.8F};
  AnalogEngine engine(core, 1, 0);
  product.calibrate(engine);
  EXPECT_NEAR(product.on(engine)[0], -3 + 3.0 / 3, 1e-5);
  EXPECT_EQ(engine.counts().clipped_inputs, 0);
}

// The range of the ADCs is the best one for what they meet in all images, the first with inputs
// ten times those of the second.
TEST(ProductRanges, ConvertersAreRangedForTheSumsOfAllImages) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.output_adc.bits = 4;
  const ExactCore core(description);
  TestProduct product(1, 7, 8, 5, 2);
  for (std::size_t k = product.inputs.size() / 2; k < product.inputs.size(); ++k)
    product.inputs[k] *= 0.1F;
  const std::vector<double> exact = product.exact();
  std::vector<float> magnitudes;
  for (const double y : exact) magnitudes.push_back(static_cast<float>(std::abs(y)));
  const double step = best_full_scale(magnitudes, 4) / 8;
  AnalogEngine engine(core, 1, 0);
  product.calibrate(engine);
  const std::vector<float> found = product.on(engine);
  for (std::size_t k = 0; k < exact.size(); ++k)
    EXPECT_NEAR(found[k], std::clamp(std::rint(exact[k] / step), -8.0, 7.0) * step, 1e-5) << k;
}

}  // namespace
}  // namespace lightloom::cosim
