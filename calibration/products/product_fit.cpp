#include "calibration/products/product_fit.hpp"

#include <algorithm>

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
PeriodFound period_of(const Products& products, const ProductFitOptions& options) {
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

}  // namespace

ProductFit fit_products(const Products& products, const ProductFitOptions& options) {
  require(options.period >= 0, "a period of {} vectors", options.period);
  check_products(products, options.model, std::max(options.period, 1));
  ProductFit fit{.model = options.model, .period = period_of(products, options)};
  const int period = fit.period.period;
  check_products(products, options.model, period);
  fit.model = settled(options.model, period);
  const Division division{.period = period, .seed = options.seed};
  fit.residuals = compare_models(products, fit.model, division);
  fit.shares = shares_of(fit.residuals);
  fit.correctors = fit_correctors(products, fit.model, division);
  fit.nonlinearity = find_nonlinearity(products, fit.model, division);
  fit.frozen = fit_frozen(products, fit.model, period);
  return fit;
}

}  // namespace lightloom::calibration
