#include "calibration/solvers/inexact_newton.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <utility>

#include "calibration/solvers/cholesky.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr double forcing = 1e-2;  // of the residual in the preconditioner's norm
constexpr int most_steps = 200;   // of one inner solve
constexpr int too_many = 40;      // inner steps from which on the preconditioner is made anew

std::span<double> span_of(Vector& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
std::span<const double> span_of(const Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

/// R^T R = H + damping in the upper half, H itself below the diagonal and in `diagonal`.
class Preconditioner {
 public:
  explicit Preconditioner(Eigen::Index n) : matrix_(n, n) {}

  void build(const InexactProblem& problem) {
    problem.hessian({matrix_.data(), static_cast<std::size_t>(matrix_.size())});
    diagonal_ = matrix_.diagonal();
  }
  void factorise(const Vector& damping) {
    if (factorised_) matrix_.triangularView<Eigen::StrictlyUpper>() = matrix_.transpose();
    factorised_ = true;
    matrix_.diagonal() = diagonal_ + damping;
    cholesky({matrix_.data(), static_cast<std::size_t>(matrix_.size())},
             static_cast<int>(matrix_.rows()));
  }
  [[nodiscard]] Vector apply(const Vector& r) const {
    Vector z = r;
    const std::span<const double> triangle(matrix_.data(),
                                           static_cast<std::size_t>(matrix_.size()));
    solve_transposed(triangle, z);
    solve_upper(triangle, z);
    return z;
  }
  [[nodiscard]] const Vector& diagonal() const { return diagonal_; }
  void forget() { factorised_ = false; }

 private:
  Matrix matrix_;
  Vector diagonal_;
  bool factorised_ = false;
};

struct Step {
  Vector change;
  double expected = 0;  // decrease of half the cost by the quadratic model
  int iterations = 0;
};

/// (J^T J + damping) change = -gradient by preconditioned conjugate gradients.
Step inner_solve(const InexactProblem& problem, const Preconditioner& m, const Vector& gradient,
                 const Vector& damping) {
  Step step{.change = Vector::Zero(gradient.size())};
  Vector r = -gradient, z = m.apply(r), p = z, product(r.size());
  double rho = r.dot(z);
  const double enough = forcing * forcing * rho;
  while (step.iterations < most_steps && rho > enough) {
    ++step.iterations;
    problem.product(span_of(std::as_const(p)), span_of(product));
    product += damping.cwiseProduct(p);
    const double along = rho / p.dot(product);
    step.change += along * p;
    r -= along * product;
    z = m.apply(r);
    const double next = r.dot(z);
    p = z + next / rho * p;
    rho = next;
  }
  step.expected = 0.5 * (r - gradient).dot(step.change) +
                  0.5 * damping.cwiseProduct(step.change).dot(step.change);
  return step;
}

}  // namespace

LeastSquaresSummary minimise_inexact(const InexactProblem& problem, std::vector<double>& x,
                                     const LeastSquaresOptions& options) {
  const auto n = static_cast<Eigen::Index>(x.size());
  Vector gradient(n);
  Preconditioner preconditioner(n);
  LeastSquaresSummary summary;
  double radius = 1e4, shrink = 2;
  double cost = problem.linearise(x, span_of(gradient));
  if (!std::isfinite(cost)) return {.message = "the start has no cost"};
  summary.initial_cost = summary.final_cost = cost;
  bool stale = true, redamped = true;
  while (summary.iterations < options.max_iterations) {
    ++summary.iterations;
    if (stale) {
      preconditioner.build(problem);
      preconditioner.forget();
    }
    const Vector damping = preconditioner.diagonal().cwiseMax(1e-6).cwiseMin(1e32) / radius;
    if (stale || redamped) preconditioner.factorise(damping);
    const Step step = inner_solve(problem, preconditioner, gradient, damping);
    summary.inner_iterations += step.iterations;
    stale = step.iterations > too_many;
    redamped = false;
    std::vector<double> trial = x;
    for (std::size_t i = 0; i < trial.size(); ++i)
      trial[i] += step.change[static_cast<Eigen::Index>(i)];
    const double trial_cost = problem.cost(trial);
    const bool possible = std::isfinite(trial_cost);
    const double ratio = possible ? (cost - trial_cost) / step.expected : -1;
    const double change = possible ? std::abs(cost - trial_cost) / cost : INFINITY;
    if (ratio > 1e-3) {
      x = trial;
      summary.final_cost = trial_cost;
      radius /= std::max(1.0 / 3, 1 - std::pow(2 * ratio - 1, 3));
      radius = std::min(radius, 1e16);
      shrink = 2;
      if (change <= options.function_tolerance) {
        summary.converged = true;
        summary.message = fmt::format("the cost changed by {:.1e} of itself", change);
        return summary;
      }
      cost = problem.linearise(x, span_of(gradient));
      continue;
    }
    if (change <= options.function_tolerance ||
        step.expected <= options.function_tolerance * cost) {
      summary.converged = true;
      summary.message = "no step lowers the cost by more than round-off";
      return summary;
    }
    radius /= shrink;
    shrink *= 2;
    redamped = true;
  }
  summary.message = "the greatest number of iterations was reached";
  return summary;
}

}  // namespace lightloom::calibration
