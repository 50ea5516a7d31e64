#include "nn/weights/multilevel/low_rank.hpp"

#include <Eigen/Dense>
#include <utility>

namespace lightloom::nn {
namespace {

using Matrix = Eigen::MatrixXd;
using Eigen::Index;

/// The eigenvectors of the `rank` largest eigenvalues of a symmetric matrix, largest first.
Matrix leading_eigenvectors(const Matrix& symmetric, Index rank) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(symmetric);
  return solver.eigenvectors().rightCols(rank).rowwise().reverse();
}

}  // namespace

/// Through the smaller of the two Gram matrices.
LowRankPair low_rank(const Matrix& a, Index rank) {
  if (a.rows() <= a.cols()) {
    Matrix left = leading_eigenvectors(a * a.transpose(), rank);
    Matrix right = left.transpose() * a;
    return {std::move(left), std::move(right)};
  }
  const Matrix right = leading_eigenvectors(a.transpose() * a, rank);
  return {a * right, right.transpose()};
}

}  // namespace lightloom::nn
