#include "calibration/problem/held_out.hpp"

#include <cmath>

#include "calibration/problem/fit_problem.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;

/// Some rows of one setting.
struct SettingRows {
  int setting;
  const std::vector<Eigen::Index>& rows;
};

/// |R^-T j|^2 of them.
std::vector<double> shares(const FitProblem& problem, std::span<const double> parameters,
                           std::span<const double> triangle, const SettingRows& of) {
  const auto& [setting, rows] = of;
  const DenseJacobian jacobian = dense_jacobian_of(problem, setting, parameters);
  const Eigen::Map<const Matrix> all(jacobian.values.data(), jacobian.rows, jacobian.columns);
  const auto n = static_cast<Eigen::Index>(jacobian.columns);
  Matrix chosen(n, static_cast<Eigen::Index>(rows.size()));
  for (Eigen::Index c = 0; c < chosen.cols(); ++c)
    chosen.col(c) = all.row(rows[static_cast<std::size_t>(c)]);
  solve_transposed(triangle, chosen);
  const Eigen::VectorXd squares = chosen.colwise().squaredNorm();
  return {squares.data(), squares.data() + squares.size()};
}

}  // namespace

HeldOut compare_held_out(const FitProblem& problem, std::span<const double> parameters,
                         std::span<const double> triangle, const HeldOutOptions& options) {
  const double cut = options.cut;
  HeldOut result;
  if (problem.settings.empty()) return result;
  const std::size_t block = problem.data->block(), total = block * problem.settings.size();
  const std::size_t stride = std::max<std::size_t>(1, (total + options.most - 1) / options.most);
  double squares = 0, normalised = 0, uncertain = 0;
  std::size_t next = 0;  // place of the next reading to sample, over all settings
  for (std::size_t s = 0; s < problem.settings.size(); ++s) {
    const int setting = problem.settings[s];
    const std::vector<double> r = residuals_of(problem, setting, parameters);
    const double* sigma = &problem.sigma[static_cast<std::size_t>(setting) * block];
    const auto counts = [&](std::size_t row) {
      return sigma[row] > 0 && !(cut > 0 && std::abs(r[row]) > cut);
    };
    std::vector<Eigen::Index> rows;
    for (std::size_t row = 0; row < block; ++row) {
      const bool sampled = s * block + row == next;
      if (sampled) next += stride;
      if (!counts(row)) continue;
      squares += r[row] * r[row];
      ++result.readings;
      if (sampled) rows.push_back(static_cast<Eigen::Index>(row));
    }
    if (rows.empty()) continue;
    const std::vector<double> share = shares(problem, parameters, triangle, {setting, rows});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double value = r[static_cast<std::size_t>(rows[i])];
      normalised += value * value / (1 + share[i]);
      uncertain += share[i];
    }
    result.sampled += static_cast<std::int64_t>(rows.size());
  }
  if (result.readings > 0) result.rms = std::sqrt(squares / static_cast<double>(result.readings));
  if (result.sampled > 0) {
    const auto sampled = static_cast<double>(result.sampled);
    result.expected_rms = std::sqrt(1 + uncertain / sampled);
    result.chi2_per_reading = normalised / sampled;
  }
  return result;
}

std::vector<int> kept_settings(int settings, double held_out) {
  std::vector<int> kept;
  for (int s = 0; s < settings; ++s)
    if (std::floor((s + 1) * held_out) > std::floor(s * held_out)) kept.push_back(s);
  return kept;
}

std::vector<int> fitted_settings(int settings, double held_out) {
  std::vector<int> fitted;
  for (int s = 0; s < settings; ++s)
    if (std::floor((s + 1) * held_out) <= std::floor(s * held_out)) fitted.push_back(s);
  return fitted;
}

}  // namespace lightloom::calibration
