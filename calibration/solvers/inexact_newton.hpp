#pragma once

#include <functional>
#include <span>
#include <vector>

#include "calibration/solvers/least_squares.hpp"

namespace lightloom::calibration {

/// A least-squares problem that never forms its Jacobian.
struct InexactProblem {
  /// Half the cost, and for the second the gradient; `product` refers to the point of the latest
  /// `linearise`.
  std::function<double(std::span<const double>)> cost;
  std::function<double(std::span<const double>, std::span<double> gradient)> linearise;
  std::function<void(std::span<const double> v, std::span<double> result)> product;  // J^T J v
  std::function<void(std::span<double>)> hessian;  // J^T J (n, n) or near it, both halves
};

/// Levenberg-Marquardt with the trust-region rule of Ceres whose steps are solved by conjugate
/// gradients to 1 % in the norm of the preconditioner, a Cholesky factor of `hessian` plus damping
/// that is kept until an inner solve takes more than 40 products. For problems too large for the
/// above (Ceres solves n + 1 dense rows by QR of 2 n: 3.3 n^3 per step, and J^T J at every step
/// costs even more); no bounds.
LeastSquaresSummary minimise_inexact(const InexactProblem& problem, std::vector<double>& x,
                                     const LeastSquaresOptions& options);

}  // namespace lightloom::calibration
