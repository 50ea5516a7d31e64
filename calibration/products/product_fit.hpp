#pragma once

#include <cstdint>

#include "calibration/products/product_results.hpp"
#include "photonic/readout/product_errors.hpp"

namespace lightloom::calibration {

struct ProductFitOptions {
  ErrorModel model = ErrorModel::both;
  int period = 0;  // of the offsets in time; 0: found
  std::uint64_t seed = 0;
};

/// What products say of a core.
struct ProductFit {
  ErrorModel model = ErrorModel::both;  // as asked; without a period its part without one
  PeriodFound period;
  ModelResiduals residuals;
  ErrorShares shares;
  Correctors correctors;
  Nonlinearity nonlinearity;
  FittedErrors errors;
};

/// Fits the models of errors that `options.model` holds. The same on any number of threads. Throws
/// `Error` for what `check_products` refuses.
ProductFit fit_products(const Products& products, const ProductFitOptions& options);

/// What the models leave, held out, and nothing else of a fit. A period of 0 is found, as by a fit.
/// Throws `Error` for what `check_products` refuses.
ModelResiduals left_by_models(const Products& products, const ProductFitOptions& options);

/// The errors of a fit as a core takes them over. `full_scale`: what one input at full scale gives
/// through one weight at full scale, in units of the products.
photonic::ProductErrors measured_errors(const FittedErrors& fitted, double full_scale);

/// `full_scale` where nobody says it: three root mean squares of the expected products over the
/// square root of the inputs, which is right for weights and inputs uniform between -1 and 1 of
/// full scale, independent of each other. `inputs`: that were added in each product.
double usual_full_scale(const Products& products, int inputs);

}  // namespace lightloom::calibration
