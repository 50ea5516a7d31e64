#include "photonic/decomposition.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "photonic/correction.hpp"
#include "photonic/decompose.hpp"

namespace lightloom::photonic {
namespace {

using Dense = Eigen::MatrixXcd;
using RowMajor = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Target = DecompositionOptions::Target;

SquareMatrix to_square(const Dense& dense) {
  SquareMatrix result(static_cast<int>(dense.rows()));
  Eigen::Map<RowMajor>(result.values.data(), dense.rows(), dense.cols()) = dense;
  return result;
}

Dense to_dense(const SquareMatrix& matrix) {
  return Eigen::Map<const RowMajor>(matrix.values.data(), matrix.size, matrix.size);
}

Eigen::BDCSVD<Dense> full_svd(const Dense& matrix) {
  return {matrix, Eigen::ComputeFullU | Eigen::ComputeFullV};
}

/// Settings of one mesh of the asked device for a unitary.
MeshSettings mesh_settings(const SquareMatrix& unitary, const Topology& topology,
                           DeviceKind device) {
  MeshSettings settings =
      topology.kind == MeshKind::reck ? decompose_reck(unitary) : decompose_clements(unitary);
  if (device == DeviceKind::mzi) return settings;
  return correct_locally(topology, settings, {}, {.device = device}).settings;
}

void check(const Matrix& matrix, const DecompositionOptions& options, double distance) {
  require(options.mesh != MeshKind::butterfly,
          "a butterfly mesh has too few devices for an arbitrary matrix (use clements or reck)");
  require(options.device != DeviceKind::bell,
          "decomposition into compact devices needs phases at the mesh's edges");
  if (options.target == Target::svd) return;
  require(matrix.rows == matrix.columns,
          "one mesh realises square matrices only, not {} x {} (use the svd target)", matrix.rows,
          matrix.columns);
  const double tolerance = options.tolerance > 0 ? options.tolerance : 1e-8 * matrix.rows;
  require(options.target == Target::nearest || distance <= tolerance,
          "the matrix is not unitary: the largest element of |U U^H - 1| is {:.3g}, at most {:.3g} "
          "is taken "
          "(project it on the nearest unitary, or use the svd target)",
          distance, tolerance);
}

void decompose_one(const Dense& dense, const DecompositionOptions& options,
                   MatrixDecomposition& result) {
  Dense unitary = dense;
  if (options.target == Target::nearest) {
    const auto svd = full_svd(dense);
    unitary = svd.matrixU() * svd.matrixV().adjoint();
  }
  result.right = mesh_settings(to_square(unitary), result.topology, options.device);
}

void decompose_two(const Dense& dense, const DecompositionOptions& options,
                   MatrixDecomposition& result) {
  Dense padded = Dense::Zero(result.modes, result.modes);
  padded.topLeftCorner(dense.rows(), dense.cols()) = dense;
  const auto svd = full_svd(padded);
  const double largest = svd.singularValues()(0);
  if (largest > 0) result.scale = largest;
  for (const double value : svd.singularValues())
    result.attenuation.push_back(std::min(1.0, value / result.scale));
  result.left = mesh_settings(to_square(svd.matrixU()), result.topology, options.device);
  result.right = mesh_settings(to_square(svd.matrixV().adjoint()), result.topology, options.device);
  result.devices = 2 * result.devices + result.modes;
}

Dense rebuild(const MatrixDecomposition& result, DeviceKind device) {
  Dense whole = to_dense(mesh_matrix(result.topology, device, result.right));
  if (result.attenuation.empty()) return whole;
  for (Eigen::Index m = 0; m < whole.rows(); ++m)
    whole.row(m) *= result.scale * result.attenuation[static_cast<std::size_t>(m)];
  return to_dense(mesh_matrix(result.topology, device, result.left)) * whole;
}

}  // namespace

MatrixDecomposition decompose_matrix(const Matrix& matrix, const DecompositionOptions& options) {
  require(matrix.rows >= 1 && matrix.columns >= 1, "cannot decompose an empty matrix");
  require(std::all_of(matrix.values.begin(), matrix.values.end(),
                      [](Complex v) { return std::isfinite(v.real()) && std::isfinite(v.imag()); }),
          "the matrix holds a value that is not a finite number");
  const Dense dense = Eigen::Map<const RowMajor>(matrix.values.data(), matrix.rows, matrix.columns);
  MatrixDecomposition result;
  result.distance_from_unitary =
      matrix.rows == matrix.columns ? distance_from_unitary(to_square(dense)) : -1;
  check(matrix, options, result.distance_from_unitary);
  result.modes = std::max(matrix.rows, matrix.columns);
  result.topology = make_topology(options.mesh, result.modes);
  result.columns = result.topology.columns;
  result.devices = static_cast<int>(result.topology.cells.size());
  if (options.target == Target::svd)
    decompose_two(dense, options, result);
  else
    decompose_one(dense, options, result);
  const Dense rebuilt = rebuild(result, options.device).topLeftCorner(matrix.rows, matrix.columns);
  result.error = (rebuilt - dense).norm() / std::sqrt(result.modes);
  result.rebuilt = {matrix.rows, matrix.columns, std::vector<Complex>(matrix.values.size())};
  Eigen::Map<RowMajor>(result.rebuilt.values.data(), matrix.rows, matrix.columns) = rebuilt;
  return result;
}

}  // namespace lightloom::photonic
