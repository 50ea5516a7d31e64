#include "photonic/svd_core.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "photonic/butterfly.hpp"
#include "photonic/decompose.hpp"

namespace lightloom::photonic {
namespace {

using RealMatrix = Eigen::MatrixXd;

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
  const Eigen::BDCSVD<RealMatrix> svd(padded, Eigen::ComputeFullU | Eigen::ComputeFullV);
  SvdSettings result;
  const double largest = svd.singularValues()(0);
  if (largest > 0) result.scale = largest;
  for (int k = 0; k < n; ++k)
    result.attenuation.push_back(std::min(1.0, svd.singularValues()(k) / result.scale));
  RealMatrix left = svd.matrixU(), right = svd.matrixV().transpose();
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
