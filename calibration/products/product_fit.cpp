#include "calibration/products/product_fit.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "calibration/products/correctors.hpp"
#include "calibration/products/fitted_errors.hpp"
#include "calibration/products/model_comparison.hpp"
#include "calibration/products/nonlinearity.hpp"
#include "calibration/products/period_search.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

ErrorShares shares_of(const ModelResiduals& residuals) {
  const auto square = [&](ErrorModel model) {
    const double rms = residuals.of[static_cast<std::size_t>(model)].rms;
    return rms * rms;
  };
  const auto tried = [&](ErrorModel model) {
    return std::find(residuals.models.begin(), residuals.models.end(), model) !=
           residuals.models.end();
  };
  const double gains = square(ErrorModel::gains);
  if (!(gains > 0)) return {};
  ErrorShares shares;
  const double periodic = tried(ErrorModel::periodic) ? gains - square(ErrorModel::periodic) : 0,
               mixing = tried(ErrorModel::mixing) ? gains - square(ErrorModel::mixing) : 0;
  shares.periodic = periodic / gains;
  shares.mixing = mixing / gains;
  if (tried(ErrorModel::both)) {
    const double both = gains - square(ErrorModel::both);
    shares.periodic = (periodic + both - mixing) / (2 * gains);
    shares.mixing = (mixing + both - periodic) / (2 * gains);
  }
  shares.random = 1 - shares.periodic - shares.mixing;
  return shares;
}

/// The period where one is given, judged by its own vectors.
PeriodFound period_of(const ProductMatrices& products, const ProductFitOptions& options) {
  if (!has_period(options.model)) {
    require(options.period <= 1, "a period of {} in the model '{}', which has none", options.period,
            name_of(options.model));
    return {};
  }
  if (options.period > 0) return {.period = options.period, .given = true, .trials = {}};
  return find_period(products, options.model, options.seed);
}

/// The model without its period where it has none.
ErrorModel settled(ErrorModel model, int period) {
  if (period > 1 || !has_period(model)) return model;
  return mixes(model) ? ErrorModel::mixing : ErrorModel::gains;
}

/// Checked products with their period, and how they are divided.
struct Prepared {
  ProductMatrices matrices;
  PeriodFound period;
  ErrorModel model = ErrorModel::both;  // as asked, without a period where there is none
  Division division;
};

Prepared prepare(const Products& products, const ProductFitOptions& options) {
  require(options.period >= 0, "a period of {} vectors", options.period);
  check_products(products, options.model, std::max(options.period, 1));
  Prepared prepared{.matrices = matrices_of(products)};
  prepared.period = period_of(prepared.matrices, options);
  const int period = prepared.period.period;
  check_products(products, options.model, period);
  prepared.model = settled(options.model, period);
  prepared.division = {.period = period, .seed = options.seed};
  return prepared;
}

}  // namespace

ProductFit fit_products(const Products& products, const ProductFitOptions& options) {
  const Prepared prepared = prepare(products, options);
  const ProductMatrices& matrices = prepared.matrices;
  ProductFit fit{.model = prepared.model, .period = prepared.period};
  fit.residuals = compare_models(matrices, fit.model, prepared.division);
  fit.shares = shares_of(fit.residuals);
  fit.correctors = fit_correctors(matrices, fit.model, prepared.division);
  fit.nonlinearity = find_nonlinearity(matrices, fit.model, prepared.division);
  fit.errors = fit_errors(matrices, fit.model, fit.period.period);
  return fit;
}

ModelResiduals left_by_models(const Products& products, const ProductFitOptions& options) {
  const Prepared prepared = prepare(products, options);
  return compare_models(prepared.matrices, prepared.model, prepared.division);
}

photonic::ProductErrors measured_errors(const FittedErrors& fitted, double full_scale) {
  return {.outputs = fitted.outputs,
          .period = fitted.period,
          .full_scale = full_scale,
          .mixing = fitted.mixing,
          .offset = fitted.offset,
          .noise_sigma = fitted.sigma,
          .covariance = fitted.covariance,
          .noise_common = fitted.common,
          .vectors = fitted.vectors};
}

double usual_full_scale(const Products& products, int inputs) {
  const auto outputs = static_cast<std::size_t>(products.outputs);
  std::vector<double> sums(outputs), squares(outputs);
  for (std::size_t k = 0; k < products.expected.size(); ++k) {
    sums[k % outputs] += products.expected[k] / products.vectors;
    squares[k % outputs] += products.expected[k] * products.expected[k] / products.vectors;
  }
  double variance = 0;
  for (std::size_t j = 0; j < outputs; ++j)
    variance += (squares[j] - sums[j] * sums[j]) / products.outputs;
  // The product of two such numbers has a variance of 1/3 times 1/3.
  return 3 * std::sqrt(variance / inputs);
}

}  // namespace lightloom::calibration
