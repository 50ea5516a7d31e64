#pragma once

#include <span>

namespace lightloom::calibration {

/// Upper triangle R with R^T R = matrix (n, n; column-major), by LAPACK-free blocked Cholesky; adds
/// as little to the diagonal as makes it positive. Returns what was added, relative to it.
double cholesky(std::span<double> matrix, int n);

}  // namespace lightloom::calibration
