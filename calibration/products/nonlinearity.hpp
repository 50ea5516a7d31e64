#pragma once

#include "calibration/products/model_comparison.hpp"

namespace lightloom::calibration {

/// Least squares of the residuals of `model` on the square and the cube of what it predicts for the
/// same output, with gains (or mixing) and offsets fitted at once.
Nonlinearity find_nonlinearity(const ProductMatrices& products, ErrorModel model,
                               const Division& division);

}  // namespace lightloom::calibration
