#include "core/dense/factors.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/dense/qr.hpp"
#include "core/dense/singular_values.hpp"
#include "core/dense/symmetric_eigen.hpp"
#include "core/random/random.hpp"

namespace lightloom {
namespace {

using Matrix = Eigen::MatrixXd;

Matrix dense_numbers(Eigen::Index rows, Eigen::Index columns, std::uint64_t shot) {
  const Stream stream({.seed = 61, .purpose = Purpose::test});
  Matrix m(rows, columns);
  for (Eigen::Index i = 0; i < m.size(); ++i)
    m.data()[i] = stream.normal(static_cast<std::uint64_t>(i), shot);
  return m;
}

/// Round-off of sums of that many products of numbers near 1, with what a method adds to it.
double round_off_of(Eigen::Index size) { return 1e-15 * static_cast<double>(size * size); }

void expect_near(const Matrix& a, const Matrix& b, double bound) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.cols(), b.cols());
  EXPECT_LE((a - b).cwiseAbs().maxCoeff(), bound);
}

void expect_orthonormal_columns(const Matrix& q) {
  expect_near(eigen_cross_product(q, q), Matrix::Identity(q.cols(), q.cols()),
              round_off_of(q.rows()));
}

TEST(DenseFactors, ProductsAreSumsOfProducts) {
  const Matrix a = dense_numbers(17, 33, 1), b = dense_numbers(33, 5, 2);
  Matrix sums = Matrix::Zero(17, 5);
  for (Eigen::Index r = 0; r < 17; ++r)
    for (Eigen::Index c = 0; c < 5; ++c)
      for (Eigen::Index k = 0; k < 33; ++k) sums(r, c) += a(r, k) * b(k, c);
  expect_near(eigen_product(a, b), sums, round_off_of(33));
  expect_near(eigen_cross_product(a.transpose(), b), sums, round_off_of(33));
}

TEST(DenseFactors, ThinQrIsOrthonormalColumnsTimesATriangle) {
  for (const auto& [rows, columns] : {std::pair{33, 7}, {7, 33}, {17, 17}, {1, 3}, {3, 1}}) {
    const Matrix m = dense_numbers(rows, columns, 3);
    const ThinQr qr = thin_qr(m);
    expect_orthonormal_columns(qr.q);
    expect_near(eigen_product(qr.q, qr.r), m, round_off_of(33));
    for (Eigen::Index c = 0; c < qr.r.cols(); ++c)
      for (Eigen::Index r = c + 1; r < qr.r.rows(); ++r) EXPECT_EQ(qr.r(r, c), 0);
    EXPECT_EQ(triangle_of(m), qr.r);
  }
  const Matrix square = dense_numbers(17, 17, 4);
  expect_near(orthogonal_factor(square), thin_qr(square).q, round_off_of(17));
}

TEST(DenseFactors, PositiveEquationsAreSolved) {
  const Matrix x = dense_numbers(9, 4, 5), root = dense_numbers(40, 9, 6);
  const Matrix a = eigen_cross_product(root, root);
  expect_near(solve_positive(a, eigen_product(a, x)), x, 1e-12);  // condition of a: about 10
}

TEST(DenseFactors, EigenvaluesAscendAndTheirVectorsAreOrthonormal) {
  const Matrix half = dense_numbers(33, 33, 7);
  const Matrix symmetric = half + half.transpose();
  const SymmetricEigen eigen = symmetric_eigen(symmetric);
  expect_orthonormal_columns(eigen.vectors);
  expect_near(eigen_product(symmetric, eigen.vectors), eigen.vectors * eigen.values.asDiagonal(),
              10 * round_off_of(33));
  for (Eigen::Index k = 1; k < 33; ++k) EXPECT_LE(eigen.values(k - 1), eigen.values(k));
  expect_near(symmetric_eigenvalues(symmetric), eigen.values, 10 * round_off_of(33));
}

TEST(DenseFactors, SingularVectorsAreOrthonormalAndMultiplyOut) {
  Matrix graded = dense_numbers(33, 33, 8);
  for (Eigen::Index c = 0; c < 33; ++c) graded.col(c) *= std::pow(10.0, -static_cast<double>(c));
  Matrix of_rank_five = eigen_product(dense_numbers(33, 5, 9), dense_numbers(5, 33, 10));
  const Matrix plain = dense_numbers(33, 33, 11);
  for (const Matrix& m : {plain, graded, of_rank_five}) {
    const RealSvd svd = real_svd(m);
    expect_orthonormal_columns(svd.left);
    expect_orthonormal_columns(svd.right);
    const double bound = round_off_of(33) * svd.values(0);
    expect_near(eigen_product(svd.left * svd.values.asDiagonal(), svd.right.transpose()), m, bound);
    expect_near(singular_values(m), svd.values, bound);
  }
}

}  // namespace
}  // namespace lightloom
