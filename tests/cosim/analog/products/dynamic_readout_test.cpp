#include "cosim/analog/products/dynamic_readout.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include "core/error.hpp"
#include "tests/cosim/analog/products/dynamic_fixture.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

/// Mean squares of errors, and mean products of errors of two outputs, over images.
struct ErrorMoments {
  std::vector<double> squares;
  double product = 0;
};
ErrorMoments error_moments(const photonic::CoreDescription& description, const TestProduct& product,
                           std::pair<std::size_t, std::size_t> outputs, int count) {
  const ExactCore core(description);
  AnalogEngine engine(core, 9, 1);
  product.calibrate(engine);
  const std::vector<double> exact = product.exact();
  ErrorMoments moments{.squares = std::vector<double>(exact.size())};
  for (int s = 0; s < count; ++s) {
    const std::vector<float> found = product.on(engine, static_cast<std::uint64_t>(s));
    for (std::size_t k = 0; k < exact.size(); ++k)
      moments.squares[k] += std::pow(found[k] - exact[k], 2) / count;
    moments.product += (found[outputs.first] - exact[outputs.first]) *
                       (found[outputs.second] - exact[outputs.second]) / count;
  }
  return moments;
}

constexpr int dynamic_shots = 4000;
/// 4.5 standard errors of a mean square of normals.
double mean_square_bound(double variance) {
  return 4.5 * variance * std::sqrt(2.0 / dynamic_shots);
}

TEST(DynamicReadout, WithoutNoiseIsTheExactProductOfBothMapsForEveryGeometry) {
  const ExactCore core(dynamic_core_of_test());
  for (const TestProduct& product : {TestProduct(1, 7, 8, 5, 2), TestProduct(3, 5, 19, 11, 2),
                                     TestProduct(2, 1, 3, 2), TestProduct(4, 300, 2, 1)}) {
    AnalogEngine engine(core, 1, 0);
    product.calibrate(engine);
    const std::vector<float> found = product.on(engine);
    const std::vector<double> exact = product.exact();
    // Up to 19 products of at most 1, each with a few roundings.
    for (std::size_t k = 0; k < exact.size(); ++k)
      ASSERT_NEAR(found[k], exact[k], 19 * 8 * 0x1p-24) << k;
  }
}

TEST(DynamicReadout, IntensitiesTakeSignedInputsInTwoPasses) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.coding = photonic::InputCoding::intensity;
  description.output_adc = {.bits = 12, .full_scale = 16};
  const ExactCore core(description);
  for (const float lowest : {-1.0F, 0.0F}) {
    const TestProduct product(1, 7, 8, 5, 1, lowest);
    AnalogEngine engine(core, 1, 0);
    product.calibrate(engine);
    const std::vector<float> found = product.on(engine);
    const std::vector<double> exact = product.exact();
    for (std::size_t k = 0; k < exact.size(); ++k)
      EXPECT_NEAR(found[k], exact[k], 2 * 0.5 * 16.0 / 2048 + 1e-5) << k;
    EXPECT_EQ(engine.counts().conversions, (lowest < 0 ? 2 : 1) * 7 * 5);
  }
}

// Of each output sigma^2 (sum w^2 x^2) for the weights' modulators and as much for the inputs'.
TEST(DynamicReadout, MagnitudesOfBothOperandsGiveTheirVariance) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.operands.magnitude_sigma = 0.05;
  const TestProduct product(1, 4, 8, 5);
  const ErrorMoments found = error_moments(description, product, {0, 1}, dynamic_shots);
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    double squares = 0;
    for (int k = 0; k < 8; ++k) squares += std::pow(double{x[k]} * w[k], 2);
    const double s2 = 0.05 * 0.05, variance = (2 * s2 + s2 * s2) * squares;
    EXPECT_NEAR(found.squares[at], variance, mean_square_bound(variance)) << at;
  });
}

// Two rows of one vector share its modulated inputs; two vectors of a group the modulated weights;
// vectors of different groups meet in different symbols.
TEST(DynamicReadout, WhatIsSharedByBroadcastIsNoisyTogether) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.operands.magnitude_sigma = 0.05;
  TestProduct product(1, 4, 8, 5);
  for (auto* values : {&product.inputs, &product.weights})  // of one sign: rows are alike
    for (float& value : *values) value = std::abs(value);
  const auto shared = [&](int p, int r, int other_p, int other_r) {
    double sum = 0;
    for (int k = 0; k < 8; ++k) {
      const auto x = [&](int position) {
        return double{product.inputs[as_index(position * 8 + k)]};
      };
      const auto w = [&](int row) { return double{product.weights[as_index(row * 8 + k)]}; };
      sum += x(p) * w(r) * x(other_p) * w(other_r);
    }
    return 0.05 * 0.05 * sum;
  };
  const auto covariance = [&](std::size_t one, std::size_t other) {
    return error_moments(description, product, {one, other}, dynamic_shots);
  };
  const auto bound = [](const ErrorMoments& found, std::size_t one, std::size_t other) {
    return 4.5 * std::sqrt(2 * found.squares[one] * found.squares[other] / dynamic_shots);
  };
  const ErrorMoments rows = covariance(0, 1), vectors = covariance(0, 5),
                     groups = covariance(0, 15);
  EXPECT_NEAR(rows.product, shared(0, 0, 0, 1), bound(rows, 0, 1));
  EXPECT_NEAR(vectors.product, shared(0, 0, 1, 0), bound(vectors, 0, 5));
  EXPECT_NEAR(groups.product, 0, bound(groups, 0, 15));
  EXPECT_GT(std::abs(shared(0, 0, 0, 1)), bound(rows, 0, 1));     // the test sees it
  EXPECT_GT(std::abs(shared(0, 0, 1, 0)), bound(vectors, 0, 5));  // and the other
}

// Fields: a product goes with cos(a - b) of independent normal phases of sigma: its mean is
// exp(-sigma^2), its variance (1 - exp(-2 sigma^2))^2 / 2.
TEST(DynamicReadout, PhasesTakeTheCosineOfTheirDifference) {
  photonic::CoreDescription description = dynamic_core_of_test();
  const double sigma = 0.4;
  description.operands.phase_sigma_rad = sigma;
  const TestProduct product(1, 4, 8, 5);
  const ExactCore core(description);
  AnalogEngine engine(core, 3, 0);
  product.calibrate(engine);
  const std::vector<double> exact = product.exact();
  std::vector<double> sum(exact.size());
  for (int s = 0; s < dynamic_shots; ++s) {
    const std::vector<float> found = product.on(engine, static_cast<std::uint64_t>(s));
    for (std::size_t k = 0; k < exact.size(); ++k) sum[k] += found[k] / dynamic_shots;
  }
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    double squares = 0;
    for (int k = 0; k < 8; ++k) squares += std::pow(double{x[k]} * w[k], 2);
    const double variance = std::pow(1 - std::exp(-2 * sigma * sigma), 2) / 2 * squares;
    EXPECT_NEAR(sum[at], std::exp(-sigma * sigma) * exact[at],
                4.5 * std::sqrt(variance / dynamic_shots));
  });
}

// Two symbols of four inputs: additive noise twice, the converter's once, shot noise of the light
// of both operands, the laser's once a symbol.
TEST(DynamicReadout, OutputsHaveTheNoiseOfEverySymbolAndOfOneConversion) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.noise = {.additive = 0.2, .shot = 0.3, .relative = 0.1, .leak = 0.5};
  description.operands.input_light = 0.4;
  description.operands.weight_light = 0.9;
  description.output_adc = {.bits = 16, .noise_lsb = 100, .full_scale = 16};
  const TestProduct product(1, 4, 8, 5);
  const ErrorMoments found = error_moments(description, product, {0, 1}, dynamic_shots);
  const double step = 16 / 32768.0, converter = 100 * step;
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    double shot = 0, laser = 0;
    for (int s = 0; s < 2; ++s) {
      double y = 0, power = 0;
      for (int k = 4 * s; k < 4 * s + 4; ++k) {
        y += double{x[k]} * w[k];
        power += 0.4 * x[k] * x[k] + 0.9 * w[k] * w[k];
      }
      shot += 0.09 * power;
      laser += 0.01 * std::pow(y + 0.5 * power, 2);
    }
    const double variance = 2 * 0.04 + converter * converter + shot + laser + step * step / 12;
    EXPECT_NEAR(found.squares[at], variance, mean_square_bound(variance)) << at;
  });
}

// A code 0 leaves light: the laser's noise goes with it, its mean is gone.
TEST(DynamicReadout, DarkLightIsNoisyLikeTheRest) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.coding = photonic::InputCoding::intensity;
  description.noise = {.relative = 0.1, .dark = 0.25};
  const TestProduct product(1, 4, 4, 5, 1, 0);
  const ErrorMoments found = error_moments(description, product, {0, 1}, dynamic_shots);
  product.for_each_output([&](std::size_t at, const float* x, const float* w) {
    double y = 0;
    for (int k = 0; k < 4; ++k) y += (x[k] + 0.25) * w[k];
    const double variance = 0.01 * y * y;
    EXPECT_NEAR(found.squares[at], variance, mean_square_bound(variance) + 1e-9) << at;
  });
}

TEST(DynamicReadout, BothOperandsAreRoundedAndClippedByTheirConverters) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.input_dac.bits = 3;            // thirds
  description.operands.weight_dac.bits = 2;  // -1, 0, 1
  const ExactCore core(description);
  TestProduct product(1, 1, 2, 1);
  product.inputs = {1, 0.4F};
  product.weights = {-1, 0.6F};
  AnalogEngine engine(core, 1, 0);
  product.calibrate(engine);
  EXPECT_NEAR(product.on(engine)[0], -1 + 1.0 / 3, 1e-6);
  EXPECT_EQ(engine.counts().clipped_inputs, 0);
  product.weights = {-5, 0.2F};
  EXPECT_NEAR(product.on(engine)[0], -1, 1e-6);
  EXPECT_EQ(engine.counts().clipped_inputs, 1);
}

TEST(DynamicReadout, ProductsHaveTheSameBitsInAnyBatchAndOnAnyThreads) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.noise = {.additive = 0.2, .shot = 0.3, .relative = 0.1};
  description.operands.magnitude_sigma = 0.05;
  description.operands.phase_sigma_rad = 0.1;
  description.output_adc = {.bits = 8};
  description.input_dac.bits = description.operands.weight_dac.bits = 6;
  const ExactCore core(description);
  const TestProduct all(2, 9, 11, 7, 4);
  AnalogEngine engine(core, 1, 0);
  all.calibrate(engine);
  const std::vector<float> expected = all.on(engine, 5);
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    EXPECT_EQ(all.on(engine, 5), expected);
    for (int i = 0; i < 4; ++i) {
      TestProduct one(2, 9, 11, 7, 1);
      std::copy_n(all.inputs.begin() + i * 9 * 22, 9 * 22, one.inputs.begin());
      std::copy_n(all.weights.begin() + i * 14 * 11, 14 * 11, one.weights.begin());
      const std::vector<float> found = one.on(engine, 5 + static_cast<std::uint64_t>(i));
      EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.begin() + i * 9 * 14));
    }
  }
  omp_set_num_threads(before);
}

// The same numbers as a layer's weights and as activations, another address for each product.
TEST(DynamicReadout, LayersAndProductsOfMapsGoThroughTheSameLight) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.noise.additive = 0.2;
  description.operands.magnitude_sigma = 0.05;
  const ExactCore core(description);
  const TestProduct product(1, 9, 11, 7);
  AnalogEngine engine(core, 1, 0);
  product.calibrate(engine, 2);
  engine.load(2, product.shape, product.weights, 0);
  engine.begin_calibration();
  std::vector<float> layer(9 * 7);
  engine.multiply(2, {product.inputs, 1, 0}, layer);
  engine.end_calibration();
  engine.multiply(2, {product.inputs, 1, 0}, layer);
  EXPECT_EQ(product.on(engine, 0, 2), layer);
  product.calibrate(engine, 3);
  EXPECT_NE(product.on(engine, 0, 3), layer);
}

TEST(DynamicReadout, CoresWithStoredWeightsLeaveProductsOfMapsAlone) {
  photonic::CoreDescription description = dynamic_core_of_test();
  description.operands = {};
  const ExactCore core(description);
  AnalogEngine engine(core, 1, 0);
  const TestProduct product(1, 2, 3, 2);
  std::vector<float> outputs(4, 7.0F);
  EXPECT_FALSE(
      engine.multiply_maps({40, product.shape, product.inputs, product.weights, 1, 0, outputs}));
  EXPECT_EQ(outputs, std::vector<float>(4, 7.0F));
}

TEST(DynamicReadout, AProductWithoutRangesIsRefused) {
  const ExactCore core(dynamic_core_of_test());
  AnalogEngine engine(core, 1, 0);
  const TestProduct product(1, 2, 3, 2);
  std::vector<float> outputs(4);
  EXPECT_THROW(
      engine.multiply_maps({40, product.shape, product.inputs, product.weights, 1, 0, outputs}),
      Error);
}

}  // namespace
}  // namespace lightloom::cosim
