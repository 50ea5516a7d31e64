#pragma once

#include <Eigen/Core>

namespace lightloom {

/// A symmetric matrix as V diag(values) V^T: values ascending, orthonormal columns V.
struct SymmetricEigen {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
};
/// Reads the lower half of `matrix`.
SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& matrix);
/// The values alone.
Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& matrix);

}  // namespace lightloom
