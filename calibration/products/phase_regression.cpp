#include "calibration/products/phase_regression.hpp"

#include <algorithm>
#include <array>
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

// Products by loops of our own, which give the same bits on any number of threads. Those of Eigen
// may cut their sums by the number of threads: the linker takes their code from any library, also
// from one that lets them start threads.

constexpr Eigen::Index columns_at_once = 4;

/// Up to `columns_at_once` neighbouring columns of a matrix.
struct Columns {
  const double* data;
  Eigen::Index stride, count;
};
/// Factors of these columns, and how many rows of them are meant.
struct Factors {
  const double* data;
  Eigen::Index rows;
};

/// result += columns times factors.
void add_columns(const Columns& columns, const Factors& factors, double* result) {
  const double *a = columns.data, *f = factors.data;
  const Eigen::Index stride = columns.stride;
  if (columns.count == columns_at_once) {
    const double f0 = f[0], f1 = f[1], f2 = f[2], f3 = f[3];
    const double *a1 = a + stride, *a2 = a1 + stride, *a3 = a2 + stride;
    for (Eigen::Index i = 0; i < factors.rows; ++i)
      result[i] += f0 * a[i] + f1 * a1[i] + f2 * a2[i] + f3 * a3[i];
    return;
  }
  for (Eigen::Index k = 0; k < columns.count; ++k)
    for (Eigen::Index i = 0; i < factors.rows; ++i) result[i] += f[k] * a[i + k * stride];
}

/// Sum of products, over lanes that do not depend on where the numbers lie.
double dot(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t lanes = 32;
  std::array<double, lanes> sums{};
  std::size_t t = 0;
  for (; t + lanes <= a.size(); t += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += a[t + lane] * b[t + lane];
  for (std::size_t lane = 0; t < a.size(); ++t, ++lane) sums[lane] += a[t] * b[t];
  double sum = 0;
  for (const double one : sums) sum += one;
  return sum;
}

std::span<const double> numbers_of(const Eigen::MatrixXd& matrix) {
  return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

}  // namespace

ProductMatrices matrices_of(const Products& products) {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto matrix = [&](const std::vector<double>& values) {
    return Eigen::Map<const Rows>(values.data(), products.vectors, products.outputs);
  };
  return {matrix(products.expected), matrix(products.observed)};
}

PhaseMeans phase_means(const Sides& sides, std::span<const int> rows, int period) {
  return {means_of_phases(sides.x, rows, period), means_of_phases(sides.y, rows, period)};
}

Centred centred(const Sides& sides, std::span<const int> rows, const PhaseMeans& means) {
  return {less_means(sides.x, rows, means.x), less_means(sides.y, rows, means.y)};
}

Eigen::VectorXd own_slopes(const Centred& data) {
  Eigen::VectorXd slopes(data.x.cols());
  for (Eigen::Index j = 0; j < slopes.size(); ++j) {
    const auto rows = static_cast<std::size_t>(data.x.rows());
    const std::span<const double> x(data.x.col(j).data(), rows), y(data.y.col(j).data(), rows);
    const double square = dot(x, x);
    slopes[j] = square > 0 ? dot(x, y) / square : 0;
  }
  return slopes;
}

GramFactor factor_gram(const Eigen::MatrixXd& x) {
  GramFactor factor{.triangle = cross_product(x, x)};
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

Eigen::MatrixXd product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  const Eigen::Index rows = a.rows(), depth = a.cols();
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(rows, b.cols());
  constexpr Eigen::Index block = 256;
  for (Eigen::Index first = 0; first < rows; first += block) {
    const Eigen::Index length = std::min(block, rows - first);
    for (Eigen::Index j = 0; j < b.cols(); ++j)
      for (Eigen::Index k = 0; k < depth; k += columns_at_once)
        add_columns({a.data() + first + k * rows, rows, std::min(columns_at_once, depth - k)},
                    {b.data() + k + j * depth, length}, result.data() + first + j * rows);
  }
  return result;
}

Eigen::MatrixXd cross_product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd result(a.cols(), b.cols());
  const auto rows = static_cast<std::size_t>(a.rows());
  for (Eigen::Index j = 0; j < b.cols(); ++j)
    for (Eigen::Index i = 0; i < a.cols(); ++i)
      result(i, j) = dot({a.col(i).data(), rows}, {b.col(j).data(), rows});
  return result;
}

}  // namespace lightloom::calibration
