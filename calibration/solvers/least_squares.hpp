#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

struct LeastSquaresOptions {
  int max_iterations = 50;
  double function_tolerance = 1e-8;
  double parameter_tolerance = 1e-10;
  double gradient_tolerance = 1e-12;
  std::vector<double> lower, upper;  // bounds, or empty
};

/// What a solver says at the end. No convergence is a value here, not an exception.
struct LeastSquaresSummary {
  bool converged = false;
  int iterations = 0;
  int inner_iterations = 0;                 // products with J^T J, where steps are solved by them
  double initial_cost = 0, final_cost = 0;  // half the sum of squares
  std::string message;
};

/// Residuals (rows) and, where the second span is not empty, their Jacobian (rows, parameters),
/// row-major.
using ResidualFunction =
    std::function<bool(std::span<const double>, std::span<double>, std::span<double>)>;

/// Levenberg-Marquardt of Ceres on `rows` residuals.
LeastSquaresSummary minimise(const ResidualFunction& residuals, int rows, std::vector<double>& x,
                             const LeastSquaresOptions& options);

/// A cost known by its normal equations only: half the cost at x, and where the spans are not
/// empty the gradient (n) and J^T J (n, n).
using NormalFunction = std::function<bool(std::span<const double>, double& cost,
                                          std::span<double> gradient, std::span<double> hessian)>;

/// Levenberg-Marquardt of Ceres without the Jacobian. With J^T J = R^T R (Cholesky) Ceres is given
/// the n + 1 residuals (R^-T g, the rest of the cost) with the Jacobian (R, 0): the same cost,
/// gradient and normal matrix, hence the same steps, at n rows instead of all readings.
LeastSquaresSummary minimise_normal(const NormalFunction& normal, std::vector<double>& x,
                                    const LeastSquaresOptions& options);

}  // namespace lightloom::calibration
