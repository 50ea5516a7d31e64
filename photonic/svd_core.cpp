#include "photonic/svd_core.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cassert>

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
  return topology.kind == MeshKind::reck ? decompose_reck(unitary) : decompose_clements(unitary);
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
  result.left = decompose(to_complex(svd.matrixU()), topology);
  result.right = decompose(to_complex(svd.matrixV().transpose()), topology);
  return result;
}

}  // namespace lightloom::photonic
