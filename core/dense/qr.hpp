#pragma once

#include <Eigen/Core>

namespace lightloom {

/// A matrix (rows, columns) as q r by Householder's reflections, n the smaller side: q (rows, n)
/// with orthonormal columns, r (n, columns) upper triangular.
struct ThinQr {
  Eigen::MatrixXd q, r;
};
ThinQr thin_qr(const Eigen::MatrixXd& matrix);
/// r alone.
Eigen::MatrixXd triangle_of(const Eigen::MatrixXd& matrix);
/// q of a square matrix.
Eigen::MatrixXd orthogonal_factor(const Eigen::MatrixXd& square);

}  // namespace lightloom
