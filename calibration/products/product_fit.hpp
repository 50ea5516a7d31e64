#pragma once

#include <cstdint>

#include "calibration/products/correctors.hpp"
#include "calibration/products/frozen_errors.hpp"
#include "calibration/products/model_comparison.hpp"
#include "calibration/products/nonlinearity.hpp"
#include "calibration/products/period_search.hpp"
#include "calibration/products/products.hpp"

namespace lightloom::calibration {

struct ProductFitOptions {
  ErrorModel model = ErrorModel::both;
  int period = 0;  // of the offsets in time; 0: found
  std::uint64_t seed = 0;
};

/// Shares of the variance that a gain and an offset of every output leave, held out; they add up
/// to 1.
struct ErrorShares {
  double mixing = 0;    // frozen: outputs that mix (with `periodic`: mean of both orders)
  double periodic = 0;  // offsets by the number modulo the period
  double random = 1;
};

/// What products say of a core.
struct ProductFit {
  ErrorModel model = ErrorModel::both;  // as asked; without a period its part without one
  PeriodFound period;
  ModelResiduals residuals;
  ErrorShares shares;
  Correctors correctors;
  Nonlinearity nonlinearity;
  FrozenErrors frozen;
};

/// Fits the models of errors that `options.model` holds. The same on any number of threads. Throws
/// `Error` for what `check_products` refuses.
ProductFit fit_products(const Products& products, const ProductFitOptions& options);

}  // namespace lightloom::calibration
