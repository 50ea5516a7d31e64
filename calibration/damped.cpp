#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "calibration/least_squares.hpp"

namespace lightloom::calibration {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

/// -(H + damping)^-1 g.
Vector damped_step(const Matrix& hessian, const Vector& gradient, const Vector& damping) {
  Matrix r = hessian;
  r.diagonal() += damping;
  const int n = static_cast<int>(r.rows());
  cholesky({r.data(), static_cast<std::size_t>(r.size())}, n);
  Vector step = -gradient;
  r.triangularView<Eigen::Upper>().transpose().solveInPlace(step);
  r.triangularView<Eigen::Upper>().solveInPlace(step);
  return step;
}

}  // namespace

LeastSquaresSummary minimise_damped(const NormalFunction& normal, std::vector<double>& x,
                                    const LeastSquaresOptions& options) {
  const auto n = static_cast<Eigen::Index>(x.size());
  Matrix hessian(n, n);
  Vector gradient(n);
  const auto evaluate = [&](double& cost) {
    return normal(x, cost, {gradient.data(), x.size()},
                  {hessian.data(), static_cast<std::size_t>(n * n)}) &&
           std::isfinite(cost);
  };
  LeastSquaresSummary summary;
  double cost = 0, radius = 1e4, shrink = 2;
  if (!evaluate(cost)) return {.message = "the start has no cost"};
  summary.initial_cost = summary.final_cost = cost;
  while (summary.iterations < options.max_iterations) {
    ++summary.iterations;
    const Vector damping = hessian.diagonal().cwiseMax(1e-6).cwiseMin(1e32) / radius;
    const Vector step = damped_step(hessian, gradient, damping);
    const double expected = -step.dot(gradient) - 0.5 * step.dot(hessian * step);
    std::vector<double> trial = x;
    for (std::size_t i = 0; i < trial.size(); ++i) trial[i] += step[static_cast<Eigen::Index>(i)];
    double trial_cost = INFINITY;
    const bool possible = normal(trial, trial_cost, {}, {}) && std::isfinite(trial_cost);
    const double ratio = possible ? (cost - trial_cost) / expected : -1;
    const double change = possible ? std::abs(cost - trial_cost) / cost : INFINITY;
    if (ratio > 1e-3) {
      x = trial;
      radius /= std::max(1.0 / 3, 1 - std::pow(2 * ratio - 1, 3));
      radius = std::min(radius, 1e16);
      shrink = 2;
      if (change <= options.function_tolerance) {
        summary.final_cost = trial_cost;
        summary.converged = true;
        summary.message = fmt::format("the cost changed by {:.1e} of itself", change);
        return summary;
      }
      if (!evaluate(cost)) return {.message = "no cost at an accepted step"};
      summary.final_cost = cost;
      continue;
    }
    if (change <= options.function_tolerance || expected <= options.function_tolerance * cost) {
      summary.converged = true;
      summary.message = "no step lowers the cost by more than round-off";
      return summary;
    }
    radius /= shrink;
    shrink *= 2;
  }
  summary.message = "the greatest number of iterations was reached";
  return summary;
}

}  // namespace lightloom::calibration
