#pragma once

#include <span>
#include <tuple>
#include <vector>

namespace lightloom::calibration {

/// Standard deviations and strong correlations from R with R^T R = H = J^T J + priors: the
/// covariance is H^-1.
struct Covariance {
  std::vector<double> sigma;
  std::vector<std::tuple<int, int, double>> correlations;  // above 0.95 in size, strongest first
};
/// `triangle` (n, n; column-major), upper half. Correlations are left out above `listed`
/// parameters.
Covariance covariance_of(std::span<const double> triangle, int n, int listed = 3200);

/// R^-1 z: a draw from N(0, H^-1) for standard normal z.
std::vector<double> draw(std::span<const double> triangle, std::span<const double> z);

}  // namespace lightloom::calibration
