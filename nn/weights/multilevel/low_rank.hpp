#pragma once

#include <Eigen/Core>

namespace lightloom::nn {

/// A matrix as left right.
struct LowRankPair {
  Eigen::MatrixXd left, right;  // [rows, rank], [rank, columns]
};

/// The best approximation of that rank, at most the smaller side, in the squared norm: orthonormal
/// columns on the smaller side, largest components first.
LowRankPair low_rank(const Eigen::MatrixXd& a, Eigen::Index rank);

}  // namespace lightloom::nn
