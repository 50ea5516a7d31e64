#pragma once

#include <Eigen/Core>

namespace lightloom {

// Products and factors of dense matrices, compiled once: every unit that makes its own from Eigen's
// templates takes seconds to build.

/// a b and a^T b.
Eigen::MatrixXd eigen_product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);
Eigen::MatrixXd eigen_cross_product(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

/// x of a x = b for a symmetric, positive definite `a` (Cholesky).
Eigen::MatrixXd solve_positive(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

}  // namespace lightloom
