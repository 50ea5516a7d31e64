#pragma once

#include <vector>

#include "calibration/products/model_comparison.hpp"

namespace lightloom::calibration {

/// Least squares on one half of the vectors, judged on the other. Of rank r: the matrix of that
/// rank that comes nearest to the predictions of the full one in the half it is fitted to (reduced-
/// rank regression, Izenman 1975), beside the gains, which stay what they were.
Correctors fit_correctors(const ProductMatrices& products, ErrorModel largest,
                          const Division& division);

}  // namespace lightloom::calibration
