#include "photonic/decomposition/svd_settings.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/clements_reck.hpp"

namespace lightloom::photonic {
namespace {

using RealMatrix = Eigen::MatrixXd;

struct RealSvd {
  RealMatrix left, right;
  Eigen::VectorXd values;
};
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

/// Divide and conquer; Jacobi's method where Eigen 3.4's loses its way without saying so, as it
/// does with one in a thousand sparse or graded matrices.
RealSvd real_svd(const RealMatrix& matrix) {
  RealSvd svd = decomposed_by<Eigen::BDCSVD<RealMatrix>>(matrix);
  if (!holds(svd, matrix)) svd = decomposed_by<Eigen::JacobiSVD<RealMatrix>>(matrix);
  return svd;
}

SquareMatrix to_complex(const RealMatrix& real) {
  const int n = static_cast<int>(real.rows());
  SquareMatrix result(n);
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) result(r, c) = real(r, c);
  return result;
}

MeshSettings decompose(const SquareMatrix& unitary, const Topology& topology) {
  if (topology.kind != MeshKind::butterfly)
    return topology.kind == MeshKind::reck ? decompose_reck(unitary) : decompose_clements(unitary);
  const ButterflyFactors found = decompose_butterfly(unitary);
  require(found.error < 1e-6 && !found.inputs_reversed && !found.outputs_reversed,
          "a weight tile cannot be made with butterfly meshes: its factors are no products of "
          "butterflies in order (the best one found misses by {:.3g}, Frobenius over the root of "
          "the modes; mesh.topology clements or reck takes any tile)",
          found.error);
  return found.settings;
}

}  // namespace

SvdSettings decompose_svd(std::span<const float> matrix, int rows, int columns,
                          const Topology& topology) {
  const int n = topology.modes;
  assert(rows <= n && columns <= n &&
         matrix.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  RealMatrix padded = RealMatrix::Zero(n, n);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      padded(r, c) = matrix[static_cast<std::size_t>(r) * static_cast<std::size_t>(columns) +
                            static_cast<std::size_t>(c)];
  const RealSvd svd = real_svd(padded);
  SvdSettings result;
  const double largest = svd.values(0);
  if (largest > 0) result.scale = largest;
  for (int k = 0; k < n; ++k)
    result.attenuation.push_back(std::min(1.0, svd.values(k) / result.scale));
  RealMatrix left = svd.left, right = svd.right.transpose();
  // The factors of a multiple of an orthogonal matrix are not unique: the matrix itself is one.
  if (topology.kind == MeshKind::butterfly && result.attenuation.back() > 1 - 1e-6) {
    left = left * right;
    right.setIdentity();
  }
  result.left = decompose(to_complex(left), topology);
  result.right = decompose(to_complex(right), topology);
  return result;
}

}  // namespace lightloom::photonic
