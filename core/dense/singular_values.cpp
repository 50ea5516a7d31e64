#include "core/dense/singular_values.hpp"

#include <Eigen/SVD>
#include <cmath>

namespace lightloom {
namespace {

using RealMatrix = Eigen::MatrixXd;

template <class Method>
RealSvd decomposed_by(const RealMatrix& matrix) {
  const Method svd(matrix, Eigen::ComputeFullU | Eigen::ComputeFullV);
  return {svd.matrixU(), svd.matrixV(), svd.singularValues()};
}

/// Whether the factors are orthogonal and multiply out, seen with one vector. (A product alone may
/// hold with vectors of the null space that are not orthogonal, and meshes cannot make those.)
bool holds(const RealSvd& svd, const RealMatrix& matrix) {
  Eigen::VectorXd probe(matrix.cols());
  for (Eigen::Index i = 0; i < probe.size(); ++i)
    probe(i) = std::cos(static_cast<double>(i * i) + 0.5);
  const double round_off = 1e-13 * static_cast<double>(probe.size()) * probe.norm();
  for (const RealMatrix* factor : {&svd.left, &svd.right})
    if (!((factor->transpose() * (*factor * probe) - probe).norm() <= round_off)) return false;
  const Eigen::VectorXd through = svd.values.cwiseProduct(svd.right.transpose() * probe);
  const double missed = (svd.left * through - matrix * probe).norm();
  return missed <= round_off * svd.values(0);
}

}  // namespace

/// Divide and conquer; Jacobi's method where Eigen 3.4's loses its way without saying so, as it
/// does with one in a thousand sparse or graded matrices.
RealSvd real_svd(const RealMatrix& matrix) {
  RealSvd svd = decomposed_by<Eigen::BDCSVD<RealMatrix>>(matrix);
  if (!holds(svd, matrix)) svd = decomposed_by<Eigen::JacobiSVD<RealMatrix>>(matrix);
  return svd;
}

Eigen::VectorXd singular_values(const RealMatrix& matrix) {
  return Eigen::JacobiSVD<RealMatrix>(matrix).singularValues();
}

}  // namespace lightloom
