#include "calibration/solvers/dense.hpp"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "calibration/solvers/parallel_if.hpp"
#include "core/dense/qr.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class M>
void gram_by_tiles(const M& base, M& result) {
  constexpr Eigen::Index tile = 192;
  const Eigen::Index columns = base.cols(), tiles = (columns + tile - 1) / tile;
  parallel_if(
      threads_if(tiles > 2), static_cast<std::size_t>(tiles * tiles), [&](std::size_t place) {
        const auto t = static_cast<Eigen::Index>(place);
        const Eigen::Index i = t / tiles * tile, j = t % tiles * tile;
        if (i > j) return;
        const Eigen::Index wide = std::min(tile, columns - i), high = std::min(tile, columns - j);
        result.block(i, j, wide, high).noalias() =
            base.middleCols(i, wide).transpose() * base.middleCols(j, high);
        if (i != j) result.block(j, i, high, wide) = result.block(i, j, wide, high).transpose();
      });
}

template <class M>
Matrix inverse_gram(const M& a) {
  return (a.transpose() * a).ldlt().solve(Matrix(Matrix::Identity(a.cols(), a.cols())));
}

/// Orthonormal columns that a pivoted QR of this rank maps to nothing.
Matrix null_space(const Eigen::ColPivHouseholderQR<Matrix>& pivoted, Eigen::Index rank) {
  const Matrix& qr = pivoted.matrixQR();
  const Eigen::Index size = qr.cols(), left = size - rank;
  Matrix directions(size, left);
  if (left == 0) return directions;
  directions.topRows(rank) = -qr.topLeftCorner(rank, rank)
                                  .triangularView<Eigen::Upper>()
                                  .solve(qr.topRightCorner(rank, left));
  directions.bottomRows(left).setIdentity();
  const Matrix in_place = pivoted.colsPermutation() * directions;
  return thin_qr(in_place).q;
}

Eigen::Map<const Matrix> square(std::span<const double> triangle, Eigen::Index n) {
  return {triangle.data(), n, n};
}

}  // namespace

void gram(const Matrix& base, Matrix& result) { gram_by_tiles(base, result); }
void gram(const Eigen::MatrixXf& base, Eigen::MatrixXf& result) { gram_by_tiles(base, result); }

std::vector<double> inverse_gram_diagonal(std::span<const double> jacobian, std::size_t rows,
                                          std::size_t columns) {
  const Eigen::Map<const RowMajor> j(jacobian.data(), static_cast<Eigen::Index>(rows),
                                     static_cast<Eigen::Index>(columns));
  const Vector diagonal = inverse_gram(j).diagonal();
  return {diagonal.data(), diagonal.data() + diagonal.size()};
}

RankDecision decide_rank(const Matrix& matrix, double tolerance) {
  const Eigen::ColPivHouseholderQR<Matrix> pivoted(triangle_of(matrix));
  RankDecision result{.pivots = pivoted.matrixQR().diagonal().cwiseAbs()};
  const Vector& s = result.pivots;
  while (result.rank < s.size() && s[result.rank] > tolerance * s[0]) ++result.rank;
  result.null_space = null_space(pivoted, result.rank);
  return result;
}

PivotedSolution solve_pivoted(const Matrix& a, const Vector& b, double threshold) {
  const Eigen::Index count = a.cols();
  Eigen::ColPivHouseholderQR<Matrix> qr(a);
  qr.setThreshold(threshold);
  PivotedSolution result{.x = qr.solve(b), .rank = qr.rank()};
  if (result.rank < count)
    result.covariance = Matrix::Constant(count, count, INFINITY);
  else
    result.covariance = inverse_gram(a);
  return result;
}

Matrix inverse_of_triangle(std::span<const double> triangle, int n) {
  const auto r = square(triangle, n);
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

Matrix outer_gram(const Matrix& m) {
  Matrix result(m.rows(), m.rows());
  result.setZero();
  result.selfadjointView<Eigen::Upper>().rankUpdate(m);
  return result;
}

void solve_transposed(std::span<const double> triangle, Matrix& b) {
  const auto r = square(triangle, b.rows());
  constexpr Eigen::Index tile = 64;
  const Eigen::Index tiles = (b.cols() + tile - 1) / tile;
  parallel_for_dynamic(tiles, [&](Eigen::Index t) {
    auto block = b.middleCols(t * tile, std::min(tile, b.cols() - t * tile));
    r.triangularView<Eigen::Upper>().transpose().solveInPlace(block);
  });
}

void solve_transposed(std::span<const double> triangle, Vector& b) {
  const auto r = square(triangle, b.size());
  r.triangularView<Eigen::Upper>().transpose().solveInPlace(b);
}

void solve_upper(std::span<const double> triangle, Vector& b) {
  square(triangle, b.size()).triangularView<Eigen::Upper>().solveInPlace(b);
}

Matrix covariance_matrix(std::span<const double> triangle, int n) {
  const Matrix inverse =
      square(triangle, n).triangularView<Eigen::Upper>().solve(Matrix::Identity(n, n));
  return inverse * inverse.transpose();
}

std::vector<double> whitened(const Matrix& covariance, std::span<const double> d) {
  Vector z = Eigen::Map<const Vector>(d.data(), static_cast<Eigen::Index>(d.size()));
  covariance.llt().matrixL().solveInPlace(z);
  return {z.data(), z.data() + z.size()};
}

Information::Information(std::span<const double> matrix, int n) : matrix_(square(matrix, n)) {
  factorise();
}

void Information::factorise() {
  const Eigen::LLT<Matrix> llt(matrix_);
  require(llt.info() == Eigen::Success,
          "design: some free parameter has neither a prior nor a reading");
  factor_ = llt.matrixLLT();
}

double Information::gain(std::span<const double> rows, int count) const {
  const Eigen::Map<const Matrix> j(rows.data(), count, matrix_.cols());
  const Matrix scaled = factor_.triangularView<Eigen::Lower>().solve(Matrix(j.transpose()));
  // Rows and columns give the same determinant: the smaller of the two matrices is factorised.
  const bool by_rows = j.rows() < j.cols();
  Matrix gram = by_rows ? Matrix(scaled.transpose() * scaled) : Matrix(scaled * scaled.transpose());
  gram.diagonal().array() += 1;
  const Matrix factor = gram.llt().matrixL();
  return 2 * factor.diagonal().array().log().sum();
}

void Information::add(std::span<const double> rows, int count) {
  const Matrix j = Eigen::Map<const Matrix>(rows.data(), count, matrix_.cols());
  matrix_.noalias() += j.transpose() * j;
  factorise();
}

double Information::log_det() const {
  const Matrix factor = factor_.triangularView<Eigen::Lower>();
  return 2 * factor.diagonal().array().log().sum();
}

}  // namespace lightloom::calibration
