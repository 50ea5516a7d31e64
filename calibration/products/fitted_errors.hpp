#pragma once

#include "calibration/products/phase_regression.hpp"
#include "calibration/products/product_results.hpp"

namespace lightloom::calibration {

/// Ordinary least squares on all vectors.
FittedErrors fit_errors(const ProductMatrices& products, ErrorModel model, int period);

}  // namespace lightloom::calibration
