#include "calibration/problem/covariance.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
constexpr int most = 200;  // correlations listed

/// Columns of R^-1 by blocks, each the work of one thread.
Matrix inverse_of(std::span<const double> triangle, int n) {
  const Eigen::Map<const Matrix> r(triangle.data(), n, n);
  Matrix inverse = Matrix::Zero(n, n);
  constexpr Eigen::Index tile = 128;
  const Eigen::Index blocks = (n + tile - 1) / tile;
  parallel_for_dynamic(blocks, [&](Eigen::Index i) {
    const Eigen::Index b = blocks - 1 - i;  // the longest first
    const Eigen::Index first = b * tile, width = std::min<Eigen::Index>(tile, n - first);
    auto block = inverse.block(0, first, first + width, width);
    block.bottomRows(width).setIdentity();
    r.topLeftCorner(first + width, first + width)
        .triangularView<Eigen::Upper>()
        .solveInPlace(block);
  });
  return inverse;
}

}  // namespace

Covariance covariance_of(std::span<const double> triangle, int n, int listed) {
  const Matrix inverse = inverse_of(triangle, n);
  const Eigen::VectorXd sigma = inverse.rowwise().norm();
  Covariance result;
  result.sigma.assign(sigma.data(), sigma.data() + sigma.size());
  if (n > listed) return result;
  Matrix rows = inverse;
  for (Eigen::Index i = 0; i < rows.rows(); ++i) rows.row(i) /= sigma[i];
  Matrix correlation(n, n);
  correlation.setZero();
  correlation.selfadjointView<Eigen::Upper>().rankUpdate(rows);
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
  const Eigen::Map<const Matrix> r(triangle.data(), n, n);
  Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXd>(z.data(), n);
  r.triangularView<Eigen::Upper>().solveInPlace(x);
  return {x.data(), x.data() + n};
}

}  // namespace lightloom::calibration
