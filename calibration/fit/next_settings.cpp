#include "calibration/fit/next_settings.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;

Matrix rows_of(const FitProblem& problem, std::span<const double> parameters, int setting) {
  const DenseJacobian j = dense_jacobian_of(problem, setting, parameters);
  return Eigen::Map<const Matrix>(j.values.data(), j.rows, j.columns);
}

/// What is known before: priors and settings already measured.
Matrix information_before(const FitProblem& problem, std::span<const double> parameters) {
  const NormalEquations known = normal_equations(problem, parameters);
  return Eigen::Map<const Matrix>(known.hessian.data(), known.size, known.size);
}

/// log det(1 + J H^-1 J^T).
double gain_of(const Matrix& rows, const Eigen::LLT<Matrix>& information) {
  const Matrix scaled = information.matrixL().solve(Matrix(rows.transpose()));
  // Rows and columns give the same determinant: the smaller of the two matrices is factorised.
  const bool by_rows = rows.rows() < rows.cols();
  Matrix gram = by_rows ? Matrix(scaled.transpose() * scaled) : Matrix(scaled * scaled.transpose());
  gram.diagonal().array() += 1;
  const Matrix factor = gram.llt().matrixL();
  return 2 * factor.diagonal().array().log().sum();
}

Eigen::LLT<Matrix> factorised(const Matrix& information) {
  Eigen::LLT<Matrix> factor(information);
  require(factor.info() == Eigen::Success,
          "design: some free parameter has neither a prior nor a reading");
  return factor;
}

}  // namespace

SettingDesign choose_settings(const FitProblem& problem, std::span<const double> parameters,
                              int count) {
  Matrix information = information_before(problem, parameters);
  Eigen::LLT<Matrix> factor = factorised(information);
  std::vector<int> left;
  for (int s = 0; s < problem.data->settings; ++s)
    if (std::find(problem.settings.begin(), problem.settings.end(), s) == problem.settings.end())
      left.push_back(s);
  std::vector<double> bound(left.size(), INFINITY);
  SettingDesign design;
  while (static_cast<int>(design.chosen.size()) < count && !left.empty()) {
    std::vector<bool> fresh(left.size(), false);
    std::size_t best = 0;
    for (;;) {
      best = static_cast<std::size_t>(std::max_element(bound.begin(), bound.end()) - bound.begin());
      if (fresh[best]) break;
      bound[best] = gain_of(rows_of(problem, parameters, left[best]), factor);
      fresh[best] = true;
    }
    const Matrix rows = rows_of(problem, parameters, left[best]);
    information.noalias() += rows.transpose() * rows;
    factor = factorised(information);
    design.chosen.push_back(left[best]);
    design.gain.push_back(bound[best]);
    design.log_det += bound[best];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    bound.erase(bound.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return design;
}

double information_of(const FitProblem& problem, std::span<const double> parameters,
                      const std::vector<int>& settings) {
  FitProblem with = problem;
  with.settings.insert(with.settings.end(), settings.begin(), settings.end());
  const auto log_det = [&](const FitProblem& one) {
    const Matrix factor = factorised(information_before(one, parameters)).matrixL();
    return 2 * factor.diagonal().array().log().sum();
  };
  return log_det(with) - log_det(problem);
}

}  // namespace lightloom::calibration
