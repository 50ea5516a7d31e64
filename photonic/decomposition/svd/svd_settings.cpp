#include "photonic/decomposition/svd/svd_settings.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
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
  RealMatrix result = Eigen::HouseholderQR<RealMatrix>(drawn).householderQ();
  for (int r = 0; r < modes; ++r)
    result.row(r) *= 1 - 0.5 * stream.uniform(static_cast<std::uint64_t>(r), number + 1);
  return result;
}

/// What a matrix T leaves to a bound s on its singular values: T T^T = L diag(squares) L^T.
class Defect {
 public:
  Defect(const RealMatrix& matrix, double bound)
      : eigen_(matrix * matrix.transpose()),
        bound_(bound),
        left_over_((bound * bound - eigen_.eigenvalues().array()).max(0).sqrt()) {}

  /// sqrt(s^2 - T T^T).
  [[nodiscard]] RealMatrix root() const { return with(left_over_); }
  /// (s + sqrt(s^2 - T T^T))^-1.
  [[nodiscard]] RealMatrix inverse() const { return with((left_over_ + bound_).inverse()); }

 private:
  [[nodiscard]] RealMatrix with(const Eigen::ArrayXd& values) const {
    return eigen_.eigenvectors() * values.matrix().asDiagonal() * eigen_.eigenvectors().transpose();
  }

  Eigen::SelfAdjointEigenSolver<RealMatrix> eigen_;
  double bound_;
  Eigen::ArrayXd left_over_;
};

double norm_of(const RealMatrix& matrix) {
  const Eigen::SelfAdjointEigenSolver<RealMatrix> eigen(matrix.transpose() * matrix,
                                                        Eigen::EigenvaluesOnly);
  return std::sqrt(eigen.eigenvalues().maxCoeff());
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
    wide.rightCols(n - columns) =
        Defect(matrix, bound).root() * contraction(modes, 0).topRightCorner(rows, n - columns);
  if (rows < n) {
    const RealMatrix below = contraction(modes, 2).bottomRows(n - rows);
    result.bottomRows(n - rows) =
        bound * below - ((below * wide.transpose()) * Defect(wide, bound).inverse()) * wide;
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
    left = left * right;
    right.setIdentity();
  }
  result.left = decompose(to_complex(left), topology);
  result.right = decompose(to_complex(right), topology);
  return result;
}

}  // namespace lightloom::photonic
