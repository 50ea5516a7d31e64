#include "calibration/products/product_fit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "photonic/readout/frozen_errors.hpp"
#include "tests/calibration/products/simulated_products.hpp"

namespace lightloom::calibration {
namespace {

constexpr int many_vectors = 3000;
constexpr double product_sd = 5;  // of expected products

const ResidualStatistics& left_by(const ProductFit& fit, ErrorModel model) {
  return fit.residuals.of[static_cast<std::size_t>(model)];
}

double mean_square_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return sum / static_cast<double>(values.size());
}

ProductFit fit_example(const photonic::ProductErrors& errors, int vectors = many_vectors) {
  return fit_products(
      simulate_products(errors, expected_products(vectors, errors.outputs, product_sd), 3), {});
}

TEST(ProductFit, FindsMixingOffsetsAndNoiseWithinTheirStandardErrors) {
  const photonic::ProductErrors truth = example_errors();
  const FittedErrors found = fit_example(truth).errors;
  double squares = 0;
  for (std::size_t k = 0; k < 49; ++k) {
    const double z = (found.mixing[k] - truth.mixing[k]) / found.mixing_sigma[k];
    EXPECT_LT(std::abs(z), 4.5) << k;
    squares += z * z;
  }
  EXPECT_NEAR(squares, 49, 4 * std::sqrt(2 * 49.0));
  ASSERT_EQ(found.period, 3);
  for (std::size_t k = 0; k < 21; ++k)
    EXPECT_NEAR(found.offset[k], truth.offset[k], 4.5 * found.offset_sigma[k % 7]) << k;
  // Of a normal sample the standard deviation has a standard error of sigma / sqrt(2 freedom).
  for (std::size_t r = 0; r < 7; ++r)
    EXPECT_NEAR(found.sigma[r], truth.noise_sigma[r],
                4 * truth.noise_sigma[r] / std::sqrt(2.0 * (many_vectors - 7 - 3)));
}

TEST(ProductFit, TheFourModelsLeaveWhatTheirFormulasSay) {
  const photonic::ProductErrors truth = example_errors();
  const ProductFit fit = fit_example(truth);
  double mixed = 0, periodic = 0;
  for (std::size_t r = 0; r < 7; ++r) {
    double mean = 0;
    for (std::size_t t = 0; t < 3; ++t) mean += truth.offset[t * 7 + r] / 3;
    for (std::size_t t = 0; t < 3; ++t)
      periodic += (truth.offset[t * 7 + r] - mean) * (truth.offset[t * 7 + r] - mean) / (3 * 7);
    for (std::size_t k = 0; k < 7; ++k)
      if (k != r)
        mixed += product_sd * product_sd * truth.mixing[r * 7 + k] * truth.mixing[r * 7 + k] / 7;
  }
  const double noise = mean_square_of(truth.noise_sigma);
  const double expected[] = {noise + mixed + periodic, noise + mixed, noise + periodic, noise};
  const int unknowns[] = {2, 4, 8, 10};  // of one output: predictions miss by that share more
  for (const ErrorModel model : error_models) {
    const auto place = static_cast<std::size_t>(model);
    const double rms = std::sqrt(expected[place] * (1 + unknowns[place] / (many_vectors / 2.0)));
    EXPECT_NEAR(left_by(fit, model).rms, rms, 4 * left_by(fit, model).standard_error)
        << name_of(model);
    EXPECT_LT(left_by(fit, model).standard_error, 0.02 * rms);
  }
  EXPECT_NEAR(fit.shares.mixing, mixed / expected[0], 0.02);
  EXPECT_NEAR(fit.shares.periodic, periodic / expected[0], 0.02);
  EXPECT_NEAR(fit.shares.random + fit.shares.mixing + fit.shares.periodic, 1, 1e-12);
}

TEST(ProductFit, FindsTheShortestPeriodThereIs) {
  for (const int period : {1, 2, 3, 4, 8, 11}) {
    const ProductFit fit = fit_example(example_errors(5, period));
    EXPECT_EQ(fit.period.period, period);
    EXPECT_EQ(fit.period.trials.size(), 64u);
    EXPECT_EQ(fit.model, period == 1 ? ErrorModel::mixing : ErrorModel::both);
  }
}

TEST(ProductFit, TellsTailsFromOutputsThatDiffer) {
  photonic::ProductErrors truth = example_errors(7, 1);
  std::fill(truth.offset.begin(), truth.offset.end(), 0.0);
  for (std::size_t k = 0; k < 49; ++k) truth.mixing[k] = k % 8 == 0 ? 1 : 0;
  for (std::size_t r = 0; r < 7; ++r) truth.noise_sigma[r] = std::pow(1.5, static_cast<double>(r));
  const ProductFit fit = fit_example(truth);
  double fourth = 0;
  for (const double sigma : truth.noise_sigma) fourth += std::pow(sigma, 4) / 7;
  const double square = mean_square_of(truth.noise_sigma);
  const ResidualStatistics& found = left_by(fit, ErrorModel::gains);
  EXPECT_NEAR(found.kurtosis_within, 3, 4 * std::sqrt(24.0 / (7 * many_vectors)));
  EXPECT_NEAR(found.kurtosis_pooled, 3 * fourth / (square * square), 0.4);
  for (std::size_t r = 0; r < 7; ++r)
    EXPECT_NEAR(found.deviation[r] / truth.noise_sigma[r], 1, 4 / std::sqrt(2.0 * many_vectors));
}

TEST(ProductFit, FindsWhatAllOutputsHaveInCommon) {
  photonic::ProductErrors truth = example_errors(7, 1);
  std::fill(truth.noise_sigma.begin(), truth.noise_sigma.end(), 0.8);
  truth.noise_common = 0.4;
  const ProductFit fit = fit_example(truth);
  EXPECT_NEAR(fit.errors.common, 0.4, 0.05);
  // The mean of 7 outputs: what they share, and a seventh of what they do not.
  EXPECT_NEAR(left_by(fit, ErrorModel::mixing).common_mode, 0.8 * std::sqrt(0.4 + 0.6 / 7), 0.03);
}

TEST(ProductFit, SeesOutputsThatBendAndOnlyThose) {
  photonic::ProductErrors truth = example_errors();
  Products products = simulate_products(truth, expected_products(many_vectors, 7, product_sd), 3);
  const ProductFit straight = fit_products(products, {.period = 3});
  EXPECT_LT(straight.nonlinearity.sigmas, 3);
  // c (y^3 - 3 s^2 y) of a normal y of deviation s has an rms of c sqrt(6) s^3.
  constexpr double c = 0.002;
  for (std::size_t k = 0; k < products.observed.size(); ++k)
    products.observed[k] += c * std::pow(products.expected[k], 3);
  const ProductFit bent = fit_products(products, {.period = 3});
  EXPECT_GT(bent.nonlinearity.sigmas, 10);
  EXPECT_NEAR(bent.nonlinearity.bend, c * std::sqrt(6.0) * product_sd * product_sd * product_sd,
              0.1);
}

TEST(ProductFit, ChipsDrawnFromTheFitShowWhatItWasFittedTo) {
  photonic::ProductErrors truth = example_errors(24, 4);
  const std::vector<double> expected = expected_products(2000, 24, product_sd);
  const ProductFit fit = fit_products(simulate_products(truth, expected, 3), {});
  const photonic::ProductErrors measured = measured_errors(fit.errors, 7.0);
  const photonic::ProductErrorLaw law = photonic::error_law(measured);
  constexpr std::uint32_t chips = 12;
  double squares[4] = {};
  for (std::uint32_t chip = 0; chip < chips; ++chip) {
    const photonic::FrozenErrors drawn =
        photonic::draw_frozen_errors(law, {.seed = 5, .chip = chip, .outputs = 24, .inputs = 24});
    const Products again = simulate_products(
        photonic::product_errors(drawn, measured.covariance, 7.0), expected, 100 + chip);
    const ProductFit refit = fit_products(again, {.period = 4});
    for (const ErrorModel model : error_models)
      squares[static_cast<int>(model)] +=
          left_by(refit, model).rms * left_by(refit, model).rms / chips;
  }
  // Mixing and offsets of a chip are 24 x 24 and 4 x 24 draws: means of twelve chips to a few %.
  for (const ErrorModel model : error_models)
    EXPECT_NEAR(std::sqrt(squares[static_cast<int>(model)]) / left_by(fit, model).rms, 1, 0.05)
        << name_of(model);
}

TEST(ProductFit, IsTheSameOnAnyNumberOfThreads) {
  const photonic::ProductErrors truth = example_errors(33, 4);
  const Products products = simulate_products(truth, expected_products(601, 33, product_sd), 3);
  const int before = omp_get_max_threads();
  std::vector<ProductFit> fits;
  for (const int threads : {1, 2, 4}) {
    omp_set_num_threads(threads);
    fits.push_back(fit_products(products, {}));
  }
  omp_set_num_threads(before);
  for (const ProductFit& fit : fits) {
    EXPECT_EQ(fit.errors.mixing, fits[0].errors.mixing);
    EXPECT_EQ(fit.errors.sigma, fits[0].errors.sigma);
    EXPECT_EQ(fit.correctors.mixing.back().rms.value, fits[0].correctors.mixing.back().rms.value);
    EXPECT_EQ(fit.nonlinearity.bent.value, fits[0].nonlinearity.bent.value);
    for (const ErrorModel model : error_models)
      EXPECT_EQ(left_by(fit, model).deviation, left_by(fits[0], model).deviation);
    for (std::size_t k = 0; k < fit.period.trials.size(); ++k)
      EXPECT_EQ(fit.period.trials[k].rms, fits[0].period.trials[k].rms);
  }
}

TEST(ProductFit, TheUsualFullScaleIsThatOfUniformNumbers) {
  // Products of 50 uniform weights and inputs, full scale 2.5: rms 2.5 sqrt(50 / 9).
  const Products products{.vectors = 4000,
                          .outputs = 3,
                          .expected = expected_products(4000, 3, 2.5 * std::sqrt(50 / 9.0)),
                          .observed = {}};
  EXPECT_NEAR(usual_full_scale(products, 50), 2.5, 2.5 * 4 / std::sqrt(2.0 * 12000));
}

/// The sentence that refuses these products.
std::string product_refusal(const Products& products, const ProductFitOptions& options) {
  try {
    fit_products(products, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ProductFit, RefusesWhatNoModelCanBeFittedToInASentence) {
  const auto good = [](int vectors) {
    return simulate_products(example_errors(), expected_products(vectors, 7, product_sd), 3);
  };
  const auto says = [](const std::string& sentence, const std::string& words) {
    EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  };
  // 7 products, 3 offsets and one more in each half.
  EXPECT_EQ(product_refusal(good(22), {.period = 3}), "");
  says(product_refusal(good(21), {.period = 3}), "takes at least 22");
  EXPECT_EQ(product_refusal(good(21), {.model = ErrorModel::gains}), "");
  says(product_refusal(good(40), {.period = 11}), "period 11 is too long for 40 vectors");
  says(product_refusal(good(40), {.model = ErrorModel::gains, .period = 3}), "which has none");
  Products products = good(100);
  products.observed[7 * 31 + 4] = NAN;
  says(product_refusal(products, {}), "observed product of vector 31, output 4");
  products = good(100);
  products.expected[0] = INFINITY;
  says(product_refusal(products, {}), "expected product of vector 0, output 0");
  products = good(100);
  for (std::size_t t = 0; t < 100; ++t) products.observed[7 * t + 2] = products.observed[2];
  says(product_refusal(products, {}), "observed products of output 2 ");
  for (std::size_t t = 0; t < 100; ++t) products.expected[7 * t + 5] = 0;
  says(product_refusal(products, {}), "expected products of output 5 ");
  products = good(100);
  for (std::size_t t = 0; t < 100; ++t)
    products.expected[7 * t + 5] = products.expected[7 * t] - 2 * products.expected[7 * t + 1];
  says(product_refusal(products, {}), "7 outputs span 6 dimensions");
  EXPECT_EQ(product_refusal(products, {.model = ErrorModel::periodic}), "");
  products = good(100);
  products.observed.pop_back();
  says(product_refusal(products, {}), "699 observed products are not 100 vectors of 7 outputs");
  says(product_refusal({}, {}), "no products");
  says(product_refusal(good(1), {}), "1 vectors of 7 outputs are too few");
  for (const double unit : {1e120, 1e-120}) {
    products = good(100);
    for (double& product : products.observed) product *= unit;
    says(product_refusal(products, {}), "give the products in another unit");
    for (double& product : products.observed) product /= unit;
    EXPECT_EQ(product_refusal(products, {}), "");
  }
}

}  // namespace
}  // namespace lightloom::calibration
