#include "calibration/products/phase_regression.hpp"

#include <cassert>

#include "calibration/solvers/cholesky.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

Eigen::MatrixXd means_of_phases(const Eigen::MatrixXd& values, std::span<const int> rows,
                                int period) {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(period, values.cols());
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(period);
  for (const int t : rows) counts[t % period] += 1;
  assert((counts.array() > 0).all());
  for (Eigen::Index j = 0; j < values.cols(); ++j)
    for (const int t : rows) sums(t % period, j) += values(t, j);
  return sums.array().colwise() / counts.array();
}

Eigen::MatrixXd less_means(const Eigen::MatrixXd& values, std::span<const int> rows,
                           const Eigen::MatrixXd& means) {
  Eigen::MatrixXd result(static_cast<Eigen::Index>(rows.size()), values.cols());
  const int period = static_cast<int>(means.rows());
  for (Eigen::Index j = 0; j < values.cols(); ++j)
    for (std::size_t i = 0; i < rows.size(); ++i)
      result(static_cast<Eigen::Index>(i), j) = values(rows[i], j) - means(rows[i] % period, j);
  return result;
}

std::span<const double> numbers_of(const Eigen::MatrixXd& matrix) {
  return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

}  // namespace

PhaseMeans phase_means(const Sides& sides, std::span<const int> rows, int period) {
  return {means_of_phases(sides.x, rows, period), means_of_phases(sides.y, rows, period)};
}

Centred centred(const Sides& sides, std::span<const int> rows, const PhaseMeans& means) {
  return {less_means(sides.x, rows, means.x), less_means(sides.y, rows, means.y)};
}

Eigen::VectorXd own_slopes(const Centred& data) {
  Eigen::VectorXd slopes(data.x.cols());
  for (Eigen::Index j = 0; j < slopes.size(); ++j) {
    const double square = data.x.col(j).squaredNorm();
    slopes[j] = square > 0 ? data.x.col(j).dot(data.y.col(j)) / square : 0;
  }
  return slopes;
}

GramFactor factor_gram(const Eigen::MatrixXd& x) {
  GramFactor factor{.gram = Eigen::MatrixXd(x.cols(), x.cols()), .triangle = {}};
  gram(x, factor.gram);
  factor.triangle = factor.gram;
  cholesky({factor.triangle.data(), static_cast<std::size_t>(factor.triangle.size())},
           static_cast<int>(x.cols()));
  return factor;
}

Eigen::MatrixXd solve_gram(const GramFactor& factor, Eigen::MatrixXd b) {
  solve_transposed(numbers_of(factor.triangle), b);
  factor.triangle.triangularView<Eigen::Upper>().solveInPlace(b);
  return b;
}

Eigen::VectorXd inverse_diagonal(const GramFactor& factor) {
  const int n = static_cast<int>(factor.triangle.rows());
  return inverse_of_triangle(numbers_of(factor.triangle), n).rowwise().squaredNorm();
}

Eigen::MatrixXd coefficients(const Centred& data) {
  return solve_gram(factor_gram(data.x), cross_product(data.x, data.y));
}

Eigen::MatrixXd product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) { return a * b; }
Eigen::MatrixXd cross_product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.transpose() * b;
}

}  // namespace lightloom::calibration
