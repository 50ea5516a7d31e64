#include "core/dense/factors.hpp"

#include <Eigen/Cholesky>

namespace lightloom {

using Eigen::MatrixXd;

MatrixXd eigen_product(const MatrixXd& a, const MatrixXd& b) { return a * b; }
MatrixXd eigen_cross_product(const MatrixXd& a, const MatrixXd& b) { return a.transpose() * b; }

MatrixXd solve_positive(const MatrixXd& a, const MatrixXd& b) { return a.llt().solve(b); }

}  // namespace lightloom
