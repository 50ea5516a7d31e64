#include "nn/weights/multilevel/low_rank.hpp"

#include <utility>

#include "core/dense/factors.hpp"
#include "core/dense/symmetric_eigen.hpp"

namespace lightloom::nn {
namespace {

using Matrix = Eigen::MatrixXd;
using Eigen::Index;

/// The eigenvectors of the `rank` largest eigenvalues of a symmetric matrix, largest first.
Matrix leading_eigenvectors(const Matrix& symmetric, Index rank) {
  return symmetric_eigen(symmetric).vectors.rightCols(rank).rowwise().reverse();
}

}  // namespace

/// Through the smaller of the two Gram matrices.
LowRankPair low_rank(const Matrix& a, Index rank) {
  if (a.rows() <= a.cols()) {
    Matrix left = leading_eigenvectors(eigen_product(a, a.transpose()), rank);
    Matrix right = eigen_cross_product(left, a);
    return {std::move(left), std::move(right)};
  }
  const Matrix right = leading_eigenvectors(eigen_cross_product(a, a), rank);
  return {eigen_product(a, right), right.transpose()};
}

}  // namespace lightloom::nn
