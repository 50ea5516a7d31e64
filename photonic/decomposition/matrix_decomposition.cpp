#include "photonic/decomposition/matrix_decomposition.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/error.hpp"
#include "photonic/decomposition/butterfly.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/decomposition/complex_svd.hpp"
#include "photonic/decomposition/local_correction.hpp"

namespace lightloom::photonic {
namespace {

using Target = DecompositionOptions::Target;

/// The matrix in the top left corner of a square of zeros.
SquareMatrix padded(const ComplexMatrix& matrix) {
  SquareMatrix square(std::max(matrix.rows, matrix.columns));
  for (int r = 0; r < matrix.rows; ++r)
    for (int c = 0; c < matrix.columns; ++c)
      square(r, c) = matrix.values[static_cast<std::size_t>(std::int64_t{r} * matrix.columns + c)];
  return square;
}

/// Settings of one universal mesh of the asked device for a unitary.
MeshSettings mesh_settings(const SquareMatrix& unitary, const Topology& topology,
                           DeviceKind device) {
  MeshSettings settings =
      topology.kind == MeshKind::reck ? decompose_reck(unitary) : decompose_clements(unitary);
  if (device == DeviceKind::mzi) return settings;
  return correct_locally(topology, settings, {}, {.device = device}).settings;
}

double tolerance_of(const DecompositionOptions& options, int modes) {
  return options.tolerance > 0 ? options.tolerance : 1e-8 * modes;
}

void check(const ComplexMatrix& matrix, const DecompositionOptions& options, double distance) {
  require(options.mesh != MeshKind::butterfly || options.target != Target::svd,
          "butterfly meshes have too few devices for the factors of an arbitrary matrix (use a "
          "clements or reck mesh, or the unitary or nearest target)");
  if (options.target == Target::svd) return;
  require(matrix.rows == matrix.columns,
          "one mesh realises square matrices only, not {} x {} (use the svd target)", matrix.rows,
          matrix.columns);
  const double tolerance = tolerance_of(options, matrix.rows);
  require(options.target == Target::nearest || distance <= tolerance,
          "the matrix is not unitary: the largest element of |U U^H - 1| is {:.3g}, at most {:.3g} "
          "is taken "
          "(project it on the nearest unitary, or use the svd target)",
          distance, tolerance);
}

void decompose_columns(const SquareMatrix& unitary, const DecompositionOptions& options,
                       MatrixDecomposition& result) {
  ButterflyFactors found = decompose_butterfly(unitary);
  const double tolerance = tolerance_of(options, unitary.size);
  require(options.target == Target::nearest || found.error <= tolerance,
          "the matrix is no product of butterflies: the best one found level by level misses it by "
          "{:.3g} (Frobenius, over the root of the modes), at most {:.3g} is taken (ask for the "
          "nearest target, or use a clements or reck mesh)",
          found.error, tolerance);
  result.inputs_reversed = found.inputs_reversed;
  result.outputs_reversed = found.outputs_reversed;
  result.right =
      options.device == DeviceKind::mzi
          ? std::move(found.settings)
          : correct_locally(result.topology, found.settings, {}, {.device = options.device})
                .settings;
}

void decompose_one(const SquareMatrix& square, const DecompositionOptions& options,
                   MatrixDecomposition& result) {
  SquareMatrix unitary = square;
  if (options.target == Target::nearest) {
    const ComplexSvd svd = complex_svd(square);
    unitary = multiply(svd.left, adjoint(svd.right));
  }
  if (options.mesh == MeshKind::butterfly)
    decompose_columns(unitary, options, result);
  else
    result.right = mesh_settings(unitary, result.topology, options.device);
}

void decompose_two(const SquareMatrix& square, const DecompositionOptions& options,
                   MatrixDecomposition& result) {
  const ComplexSvd svd = complex_svd(square);
  if (svd.values[0] > 0) result.scale = svd.values[0];
  for (const double value : svd.values)
    result.attenuation.push_back(std::min(1.0, value / result.scale));
  result.left = mesh_settings(svd.left, result.topology, options.device);
  result.right = mesh_settings(adjoint(svd.right), result.topology, options.device);
  result.devices = 2 * result.devices + result.modes;
}

}  // namespace

SquareMatrix rebuild_matrix(const MatrixDecomposition& result, DeviceKind device) {
  SquareMatrix whole = mesh_matrix(result.topology, device, result.right);
  if (result.inputs_reversed) whole = reverse_columns(whole);
  if (result.outputs_reversed) whole = reverse_rows(whole);
  if (result.attenuation.empty()) return whole;
  for (int r = 0; r < whole.size; ++r)
    for (int c = 0; c < whole.size; ++c)
      whole(r, c) *= result.scale * result.attenuation[static_cast<std::size_t>(r)];
  return multiply(mesh_matrix(result.topology, device, result.left), whole);
}

MatrixDecomposition decompose_matrix(const ComplexMatrix& matrix,
                                     const DecompositionOptions& options) {
  require(matrix.rows >= 1 && matrix.columns >= 1, "cannot decompose an empty matrix");
  require(std::max(matrix.rows, matrix.columns) <= most_modes,
          "a matrix of {} x {} is too large for a mesh (at most {} modes are taken)", matrix.rows,
          matrix.columns, most_modes);
  require(std::all_of(matrix.values.begin(), matrix.values.end(),
                      [](Complex v) { return std::isfinite(v.real()) && std::isfinite(v.imag()); }),
          "the matrix holds a value that is not a finite number");
  const SquareMatrix square = padded(matrix);
  MatrixDecomposition result;
  result.distance_from_unitary = matrix.rows == matrix.columns ? distance_from_unitary(square) : -1;
  check(matrix, options, result.distance_from_unitary);
  result.modes = square.size;
  result.topology = make_topology(options.mesh, result.modes);
  result.columns = result.topology.columns;
  result.devices = static_cast<int>(result.topology.cells.size());
  if (options.target == Target::svd)
    decompose_two(square, options, result);
  else
    decompose_one(square, options, result);
  const SquareMatrix rebuilt = rebuild_matrix(result, options.device);
  result.rebuilt = {matrix.rows, matrix.columns, {}};
  double squares = 0;
  for (int r = 0; r < matrix.rows; ++r) {
    for (int c = 0; c < matrix.columns; ++c) {
      result.rebuilt.values.push_back(rebuilt(r, c));
      squares += std::norm(rebuilt(r, c) - square(r, c));
    }
  }
  result.error = std::sqrt(squares / result.modes);
  return result;
}

}  // namespace lightloom::photonic
