#include "photonic/decomposition/svd/svd_settings.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/dense/factors.hpp"
#include "core/dense/qr.hpp"
#include "core/dense/singular_values.hpp"
#include "core/dense/symmetric_eigen.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/clements_reck.hpp"

namespace lightloom::photonic {
namespace {

using RealMatrix = Eigen::MatrixXd;

RealMatrix padded(const RealMatrix& matrix, int modes) {
  RealMatrix result = RealMatrix::Zero(modes, modes);
  result.topLeftCorner(matrix.rows(), matrix.cols()) = matrix;
  return result;
}

/// A random orthogonal matrix whose rows are scaled by different numbers in (1/2, 1]: any block of
/// it is a contraction. The same for every tile and chip.
RealMatrix contraction(int modes, std::uint64_t number) {
  const Stream stream({.purpose = Purpose::completion});
  std::vector<float> normals(static_cast<std::size_t>(modes) * static_cast<std::size_t>(modes));
  fill_normal(stream, number, normals);
  const RealMatrix drawn =
      Eigen::Map<const Eigen::MatrixXf>(normals.data(), modes, modes).cast<double>();
  RealMatrix result = orthogonal_factor(drawn);
  for (int r = 0; r < modes; ++r)
    result.row(r) *= 1 - 0.5 * stream.uniform(static_cast<std::uint64_t>(r), number + 1);
  return result;
}

/// What a matrix T leaves to a bound s on its singular values: T T^T = L diag(squares) L^T.
class Defect {
 public:
  Defect(const RealMatrix& matrix, double bound)
      : eigen_(symmetric_eigen(eigen_product(matrix, matrix.transpose()))),
        bound_(bound),
        left_over_((bound * bound - eigen_.values.array()).max(0).sqrt()) {}

  /// sqrt(s^2 - T T^T).
  [[nodiscard]] RealMatrix root() const { return with(left_over_); }
  /// (s + sqrt(s^2 - T T^T))^-1.
  [[nodiscard]] RealMatrix inverse() const { return with((left_over_ + bound_).inverse()); }

 private:
  [[nodiscard]] RealMatrix with(const Eigen::ArrayXd& values) const {
    return eigen_product(eigen_.vectors * values.matrix().asDiagonal(), eigen_.vectors.transpose());
  }

  SymmetricEigen eigen_;
  double bound_;
  Eigen::ArrayXd left_over_;
};

double norm_of(const RealMatrix& matrix) {
  return std::sqrt(symmetric_eigenvalues(eigen_cross_product(matrix, matrix)).maxCoeff());
}

/// Largest singular value of a completed matrix over that of the matrix. Without a little more, the
/// first singular vectors would have exact zeros outside the matrix.
constexpr double completion_margin = 1.002;

/// The matrix in the first rows and columns of one of `modes` rows and columns. With a bound s on
/// its singular values it is T beside sqrt(s^2 - T T^T) K on the right, and below what is then
/// there, T', K' sqrt(s^2 - T'^T T'), with any contractions K and K' (Davis, Kahan and Weinberger,
/// SIAM J. Numer. Anal. 19, 445, 1982). Without dividing by a singular value, sqrt(s^2 - T'^T T') =
/// s - T'^T (s + sqrt(s^2 - T' T'^T))^-1 T'.
RealMatrix completed(const RealMatrix& matrix, int modes) {
  const Eigen::Index n = modes, rows = matrix.rows(), columns = matrix.cols();
  if ((rows == n && columns == n) || matrix.isZero(0)) return padded(matrix, modes);
  const double bound = completion_margin * norm_of(matrix);
  RealMatrix result(n, n);
  auto wide = result.topRows(rows);
  wide.leftCols(columns) = matrix;
  if (columns < n)
    wide.rightCols(n - columns) = eigen_product(
        Defect(matrix, bound).root(), contraction(modes, 0).topRightCorner(rows, n - columns));
  if (rows < n) {
    const RealMatrix below = contraction(modes, 2).bottomRows(n - rows);
    const RealMatrix seen =
        eigen_product(eigen_product(below, wide.transpose()), Defect(wide, bound).inverse());
    result.bottomRows(n - rows) = bound * below - eigen_product(seen, wide);
  }
  return result;
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
  RealMatrix given(rows, columns);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      given(r, c) = matrix[static_cast<std::size_t>(r) * static_cast<std::size_t>(columns) +
                           static_cast<std::size_t>(c)];
  const RealSvd svd =
      real_svd(topology.kind == MeshKind::butterfly ? padded(given, n) : completed(given, n));
  SvdSettings result;
  const double largest = svd.values(0);
  if (largest > 0) result.scale = largest;
  for (int k = 0; k < n; ++k)
    result.attenuation.push_back(std::min(1.0, svd.values(k) / result.scale));
  RealMatrix left = svd.left, right = svd.right.transpose();
  // The factors of a multiple of an orthogonal matrix are not unique: the matrix itself is one.
  if (topology.kind == MeshKind::butterfly && result.attenuation.back() > 1 - 1e-6) {
    left = eigen_product(left, right);
    right.setIdentity();
  }
  result.left = decompose(to_complex(left), topology);
  result.right = decompose(to_complex(right), topology);
  return result;
}

}  // namespace lightloom::photonic
