#include "photonic/readout/frozen_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::photonic::frozen_errors_tests {
namespace {

constexpr int outputs = 23;

/// Covariance W W^T of products of a random matrix with inputs of unit variance.
std::vector<double> product_covariance(int n) {
  const Stream stream({.seed = 11});
  const auto size = static_cast<std::size_t>(n);
  std::vector<double> weights(size * size), covariance(size * size);
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = stream.normal(k);
  for (std::size_t r = 0; r < size; ++r)
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t j = 0; j < size; ++j)
        covariance[r * size + k] += weights[r * size + j] * weights[k * size + j];
  return covariance;
}

/// Variance of a sum of expected products with these factors.
double variance_of(std::span<const double> factors, const std::vector<double>& covariance) {
  const std::size_t n = factors.size();
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) sum += factors[i] * covariance[i * n + k] * factors[k];
  return sum;
}

ProductErrorLaw some_law() {
  return {.full_scale = 6.5,
          .gain_mean = 0.84,
          .gain_sd = 0.05,
          .mixing_share = 0.17,
          .mixing_spread = 0.4,
          .offset_mean = 0.2,
          .offset_sd = 0.5,
          .period = 4,
          .periodic_sd = 0.7,
          .periodic_common = 0.8,
          .noise_sigma = 0.9,
          .noise_spread = 0.2,
          .noise_common = 0.06};
}

FrozenErrors drawn(const ProductErrorLaw& law, std::uint32_t chip) {
  return draw_frozen_errors(law, {.seed = 5, .chip = chip, .outputs = outputs, .inputs = outputs});
}

/// Mean over chips with its standard error.
struct Sample {
  double sum = 0, squares = 0;
  int count = 0;
  void take(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  [[nodiscard]] double mean() const { return sum / count; }
  [[nodiscard]] double error() const {
    return std::sqrt((squares / count - mean() * mean()) / (count - 1));
  }
};

TEST(FrozenErrors, MixingComesBackFromTheFrozenErrorsTakenOutOfIt) {
  const auto covariance = product_covariance(outputs);
  for (const FrozenErrorOf of : {FrozenErrorOf::weights, FrozenErrorOf::outputs}) {
    const ProductErrors measured = product_errors(drawn(some_law(), 3), covariance, 6.5);
    const ProductErrors back = product_errors(frozen_errors(measured, of), covariance, 6.5);
    // The directions go from a variance of 0.01 to one of 80: their inverse magnifies roundings.
    for (std::size_t k = 0; k < measured.mixing.size(); ++k)
      EXPECT_NEAR(back.mixing[k], measured.mixing[k], 1e-11) << k;
    for (std::size_t k = 0; k < measured.offset.size(); ++k)
      EXPECT_NEAR(back.offset[k], measured.offset[k], 1e-14);
  }
}

TEST(FrozenErrors, TheGainIsThatOfTheRegressionOnTheOutputsOwnProduct) {
  // Two outputs of variances 4 and 1 with a covariance of 1, mixed by hand.
  const ProductErrors errors{.outputs = 2,
                             .period = 1,
                             .full_scale = 2,
                             .mixing = {0.9, 0.2, -0.1, 1.1},
                             .offset = {0.5, -0.5},
                             .noise_sigma = {0.3, 0.4},
                             .covariance = {4, 1, 1, 1}};
  const FrozenErrors frozen = frozen_errors(errors, FrozenErrorOf::weights);
  EXPECT_NEAR(frozen.gain[0], 0.9 + 0.2 * 1 / 4, 1e-14);
  EXPECT_NEAR(frozen.gain[1], 1.1 - 0.1 * 1 / 1, 1e-14);
  // What is left of output 0: (0.9 - 0.95) p0 + 0.2 p1.
  const double left = 0.05 * 0.05 * 4 - 2 * 0.05 * 0.2 * 1 + 0.2 * 0.2 * 1;
  const double share = (frozen.cells[0] * frozen.cells[0] + frozen.cells[1] * frozen.cells[1]) / 2;
  EXPECT_NEAR(share, left / 4, 1e-14);
  EXPECT_NEAR(frozen.offset[0], 0.5 / 2, 1e-15);
  EXPECT_NEAR(frozen.noise_sigma[1], 0.4 / 2, 1e-15);
}

TEST(FrozenErrors, DrawnChipsLeaveWhatTheLawSaysOfTheFourModels) {
  const ProductErrorLaw law = some_law();
  const auto covariance = product_covariance(outputs);
  const double n = outputs;
  Sample mixed, periodic, noise;  // variances, per output and unit of its own
  for (std::uint32_t chip = 0; chip < 600; ++chip) {
    const FrozenErrors frozen = drawn(law, chip);
    const ProductErrors errors = product_errors(frozen, covariance, law.full_scale);
    const FrozenErrors apart = frozen_errors(errors, FrozenErrorOf::weights);
    double in = 0, by_phase = 0, own = 0;
    for (std::size_t r = 0; r < outputs; ++r) {
      std::vector<double> rest(
          errors.mixing.begin() + static_cast<std::ptrdiff_t>(r * outputs),
          errors.mixing.begin() + static_cast<std::ptrdiff_t>((r + 1) * outputs));
      rest[r] -= apart.gain[r];
      in += variance_of(rest, covariance) / covariance[r * outputs + r] / n;
      double mean = 0;
      for (std::size_t t = 0; t < 4; ++t) mean += errors.offset[t * outputs + r] / 4;
      for (std::size_t t = 0; t < 4; ++t)
        by_phase += std::pow(errors.offset[t * outputs + r] - mean, 2) / (4 * n);
      own += errors.noise_sigma[r] * errors.noise_sigma[r] / n;
    }
    mixed.take(in);
    periodic.take(by_phase);
    noise.take(own);
  }
  // An n-th of what is drawn lies along the output's own product and belongs to its gain.
  EXPECT_NEAR(mixed.mean(), 0.17 * 0.17 * (1 - 1 / n), 4 * mixed.error());
  EXPECT_NEAR(periodic.mean(), 0.7 * 0.7, 4 * periodic.error());
  EXPECT_NEAR(noise.mean(), 0.9 * 0.9, 4 * noise.error());
}

TEST(FrozenErrors, TheLawOfDrawnChipsIsTheOneTheyWereDrawnFrom) {
  const ProductErrorLaw law = some_law();
  const auto covariance = product_covariance(outputs);
  Sample gain, gain_variance, share, spread, offset, offset_sd, periodic, common, noise, noise_sd;
  for (std::uint32_t chip = 0; chip < 600; ++chip) {
    const ProductErrorLaw found =
        error_law(product_errors(drawn(law, chip), covariance, law.full_scale));
    EXPECT_EQ(found.frozen, FrozenErrorOf::weights);
    gain.take(found.gain_mean);
    gain_variance.take(found.gain_sd * found.gain_sd);
    share.take(found.mixing_share * found.mixing_share);
    spread.take(found.mixing_spread);
    offset.take(found.offset_mean);
    offset_sd.take(found.offset_sd * found.offset_sd);
    periodic.take(found.periodic_sd * found.periodic_sd);
    common.take(found.periodic_common * found.periodic_sd * found.periodic_sd);
    noise.take(found.noise_sigma * found.noise_sigma);
    noise_sd.take(found.noise_spread * found.noise_spread);
  }
  EXPECT_NEAR(gain.mean(), 0.84, 4 * gain.error());
  EXPECT_NEAR(gain_variance.mean(), 0.05 * 0.05, 4 * gain_variance.error());
  EXPECT_NEAR(share.mean(), 0.17 * 0.17, 4 * share.error());
  EXPECT_NEAR(spread.mean(), 0.4, 0.02);  // a sample of 23 logarithms, its root is not unbiased
  EXPECT_NEAR(offset.mean(), 0.2, 4 * offset.error());
  EXPECT_NEAR(offset_sd.mean(), 0.25, 4 * offset_sd.error());
  EXPECT_NEAR(periodic.mean(), 0.49, 4 * periodic.error());
  EXPECT_NEAR(common.mean(), 0.8 * 0.49, 4 * common.error());  // their ratio is biased by so few
  EXPECT_NEAR(noise.mean(), 0.81, 4 * noise.error());
  EXPECT_NEAR(noise_sd.mean(), 0.04, 4 * noise_sd.error());
}

TEST(FrozenErrors, TheSlopeTellsErrorsOfWeightsFromOutputsThatMix) {
  ProductErrorLaw law = some_law();
  const auto covariance = product_covariance(outputs);
  Sample weights, mixing;
  for (std::uint32_t chip = 0; chip < 100; ++chip) {
    law.frozen = FrozenErrorOf::weights;
    weights.take(frozen_slope(product_errors(drawn(law, chip), covariance, 1)));
    law.frozen = FrozenErrorOf::outputs;
    mixing.take(frozen_slope(product_errors(drawn(law, chip), covariance, 1)));
  }
  EXPECT_NEAR(weights.mean(), 0, 4 * weights.error() + 0.05);
  EXPECT_NEAR(mixing.mean(), 1, 4 * mixing.error() + 0.05);
}

TEST(FrozenErrors, ALargerCoreHasTheSameErrorsOfItsFirstOutputs) {
  const ProductErrorLaw law = some_law();
  const ErrorDraw small{.seed = 9, .chip = 2, .outputs = 5, .inputs = 7};
  ErrorDraw large = small;
  large.outputs = 8;
  large.inputs = 19;
  const FrozenErrors few = draw_frozen_errors(law, small), many = draw_frozen_errors(law, large);
  for (std::size_t r = 0; r < 5; ++r) {
    EXPECT_EQ(few.gain[r], many.gain[r]);
    EXPECT_EQ(few.noise_sigma[r], many.noise_sigma[r]);
    for (std::size_t c = 0; c < 7; ++c) EXPECT_EQ(few.cells[r * 7 + c], many.cells[r * 19 + c]);
    for (std::size_t t = 0; t < 4; ++t) EXPECT_EQ(few.offset[t * 5 + r], many.offset[t * 8 + r]);
  }
  large.chip = 3;
  EXPECT_NE(draw_frozen_errors(law, large).gain, many.gain);
}

TEST(ProductErrors, RefusesWhatNoMeasurementGives) {
  const ProductErrors good{
      .outputs = 1, .mixing = {1}, .offset = {0}, .noise_sigma = {0}, .covariance = {2}};
  EXPECT_NO_THROW(check_product_errors(good, "here"));
  const auto refused = [&](const auto& change) {
    ProductErrors errors = good;
    change(errors);
    EXPECT_THROW(check_product_errors(errors, "here"), Error);
  };
  refused([](ProductErrors& e) { e.outputs = 2; });
  refused([](ProductErrors& e) { e.outputs = 0; });
  refused([](ProductErrors& e) { e.period = 2; });
  refused([](ProductErrors& e) { e.full_scale = 0; });
  refused([](ProductErrors& e) { e.mixing = {NAN}; });
  refused([](ProductErrors& e) { e.noise_sigma = {-0.1}; });
  refused([](ProductErrors& e) { e.covariance = {0}; });
  refused([](ProductErrors& e) { e.noise_common = 1.1; });
  refused([](ProductErrors& e) { e.vectors = -1; });
}

}  // namespace
}  // namespace lightloom::photonic::frozen_errors_tests
