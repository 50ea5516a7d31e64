#include "calibration/problem/covariance.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
constexpr int most = 200;  // correlations listed

}  // namespace

Covariance covariance_of(std::span<const double> triangle, int n, int listed) {
  const Matrix inverse = inverse_of_triangle(triangle, n);
  const Eigen::VectorXd sigma = inverse.rowwise().norm();
  Covariance result;
  result.sigma.assign(sigma.data(), sigma.data() + sigma.size());
  if (n > listed) return result;
  Matrix rows = inverse;
  for (Eigen::Index i = 0; i < rows.rows(); ++i) rows.row(i) /= sigma[i];
  const Matrix correlation = outer_gram(rows);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < j; ++i)
      if (std::abs(correlation(i, j)) > 0.95)
        result.correlations.emplace_back(i, j, correlation(i, j));
  std::sort(result.correlations.begin(), result.correlations.end(),
            [](const auto& a, const auto& b) {
              return std::abs(std::get<2>(a)) > std::abs(std::get<2>(b));
            });
  if (result.correlations.size() > most) result.correlations.resize(most);
  return result;
}

std::vector<double> draw(std::span<const double> triangle, std::span<const double> z) {
  const auto n = static_cast<Eigen::Index>(z.size());
  Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXd>(z.data(), n);
  solve_upper(triangle, x);
  return {x.data(), x.data() + n};
}

}  // namespace lightloom::calibration
