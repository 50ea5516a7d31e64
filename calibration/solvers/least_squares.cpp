// The one place that knows Ceres.
#include "calibration/solvers/least_squares.hpp"

#include <ceres/ceres.h>

#include <cmath>

#include "calibration/solvers/cholesky.hpp"

namespace lightloom::calibration {
namespace {

class Residuals : public ceres::CostFunction {
 public:
  Residuals(const ResidualFunction& function, int rows, int columns)
      : function_(function), columns_(columns) {
    set_num_residuals(rows);
    mutable_parameter_block_sizes()->push_back(columns);
  }
  bool Evaluate(double const* const* x, double* residuals, double** jacobians) const override {
    const auto rows = static_cast<std::size_t>(num_residuals()),
               columns = static_cast<std::size_t>(columns_);
    std::span<double> jacobian;
    if (jacobians != nullptr && jacobians[0] != nullptr) jacobian = {jacobians[0], rows * columns};
    return function_({x[0], columns}, {residuals, rows}, jacobian);
  }

 private:
  const ResidualFunction& function_;
  int columns_;
};

ceres::Solver::Options solver_options(const LeastSquaresOptions& options, bool large) {
  ceres::Solver::Options o;
  o.max_num_iterations = options.max_iterations;
  o.function_tolerance = options.function_tolerance;
  o.parameter_tolerance = options.parameter_tolerance;
  o.gradient_tolerance = options.gradient_tolerance;
  o.linear_solver_type = ceres::DENSE_QR;
  if (large) o.dense_linear_algebra_library_type = ceres::LAPACK;
  o.logging_type = ceres::SILENT;
  o.minimizer_progress_to_stdout = false;
  return o;
}

}  // namespace

LeastSquaresSummary minimise(const ResidualFunction& residuals, int rows, std::vector<double>& x,
                             const LeastSquaresOptions& options) {
  const int columns = static_cast<int>(x.size());
  ceres::Problem problem;
  problem.AddResidualBlock(new Residuals(residuals, rows, columns), nullptr, x.data());
  for (std::size_t i = 0; i < options.lower.size(); ++i)
    problem.SetParameterLowerBound(x.data(), static_cast<int>(i), options.lower[i]);
  for (std::size_t i = 0; i < options.upper.size(); ++i)
    problem.SetParameterUpperBound(x.data(), static_cast<int>(i), options.upper[i]);
  ceres::Solver::Summary summary;
  ceres::Solve(solver_options(options, columns > 100), &problem, &summary);
  return {summary.termination_type == ceres::CONVERGENCE,
          summary.num_successful_steps + summary.num_unsuccessful_steps,
          0,
          summary.initial_cost,
          summary.final_cost,
          summary.message};
}

LeastSquaresSummary minimise_normal(const NormalFunction& normal, std::vector<double>& x,
                                    const LeastSquaresOptions& options) {
  const std::size_t n = x.size();
  std::vector<double> gradient(n), triangle;
  const ResidualFunction compressed = [&](std::span<const double> at, std::span<double> residuals,
                                          std::span<double> jacobian) {
    double cost = 0;
    std::fill(residuals.begin(), residuals.end(), 0.0);
    if (jacobian.empty()) {
      if (!normal(at, cost, {}, {}) || !std::isfinite(cost)) return false;
      residuals[n] = std::sqrt(2 * cost);
      return true;
    }
    triangle.resize(n * n);
    if (!normal(at, cost, gradient, triangle) || !std::isfinite(cost)) return false;
    cholesky(triangle, static_cast<int>(n));
    double explained = 0;
    for (std::size_t i = 0; i < n; ++i) {  // R^T r = g, column i of R is contiguous
      double sum = gradient[i];
      const double* column = &triangle[i * n];
      for (std::size_t j = 0; j < i; ++j) sum -= column[j] * residuals[j];
      residuals[i] = sum / column[i];
      explained += residuals[i] * residuals[i];
    }
    residuals[n] = std::sqrt(std::max(0.0, 2 * cost - explained));
    std::fill(jacobian.begin(), jacobian.end(), 0.0);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j) jacobian[j * n + i] = triangle[i * n + j];
    return true;
  };
  return minimise(compressed, static_cast<int>(n) + 1, x, options);
}

}  // namespace lightloom::calibration
