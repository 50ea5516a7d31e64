#pragma once

#include <Eigen/Core>

namespace lightloom {

/// A square matrix as left diag(values) right^T, both orthogonal; values descending.
struct RealSvd {
  Eigen::MatrixXd left, right;
  Eigen::VectorXd values;
};
RealSvd real_svd(const Eigen::MatrixXd& square);

/// The values alone of a small matrix, by Jacobi's method.
Eigen::VectorXd singular_values(const Eigen::MatrixXd& matrix);

}  // namespace lightloom
