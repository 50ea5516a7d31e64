#include "photonic/decomposition/matrix_decomposition.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

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
  return options.tolerance > 0 ? options.tolerance : rounded_tolerance(modes);
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
  require(
      options.target == Target::nearest || distance <= tolerance,
      "the matrix is not unitary: the largest element of |U U^H - 1| is {:.3g}, at most {:.3g} "
      "is taken (a greater tolerance takes more, the nearest target the nearest unitary, the svd "
      "target any matrix)",
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

/// The nearest unitary: of one that is nearly so by Newton's and Schulz's iteration, X (3 - X^H X)
/// / 2, which squares the distance; of others by singular values.
SquareMatrix nearest_unitary(const SquareMatrix& square, double distance) {
  const int n = square.size;
  if (!(distance * n < 0.5)) {
    const ComplexSvd svd = complex_svd(square);
    return multiply(svd.left, adjoint(svd.right));
  }
  SquareMatrix unitary = square;
  constexpr int most_rounds = 8;  // from 0.5 the sixth is below round-off
  for (int round = 0; round < most_rounds; ++round) {
    SquareMatrix factor = multiply(adjoint(unitary), unitary);
    double off = 0;
    for (int r = 0; r < n; ++r) {
      for (int c = 0; c < n; ++c) {
        off = std::max(off, std::abs(factor(r, c) - (r == c ? 1.0 : 0.0)));
        factor(r, c) = 0.5 * ((r == c ? 3.0 : 0.0) - factor(r, c));
      }
    }
    if (off < 1e-15 * n) break;
    unitary = multiply(unitary, factor);
  }
  return unitary;
}

/// Binary exponent of the largest part of an element where it is so large or small that products
/// of four would leave the range of doubles; else 0.
int far_exponent(std::span<const Complex> values) {
  double largest = 0;
  for (const Complex& value : values)
    largest = std::max({largest, std::abs(value.real()), std::abs(value.imag())});
  constexpr int near = 200;
  const int exponent = largest > 0 ? std::ilogb(largest) : 0;
  return std::abs(exponent) > near ? exponent : 0;
}

/// Elements times 2^exponent.
void scale_by(int exponent, std::span<Complex> values) {
  if (exponent == 0) return;
  for (Complex& value : values)
    value = {std::ldexp(value.real(), exponent), std::ldexp(value.imag(), exponent)};
}

/// The unitary that one mesh is to make of a matrix whose distance from unitary has been checked.
SquareMatrix chosen_unitary(SquareMatrix square, const DecompositionOptions& options,
                            double distance, bool& rounded) {
  rounded = options.target == Target::unitary && distance > exact_tolerance(square.size);
  if (!rounded && options.target != Target::nearest) return square;
  scale_by(-far_exponent(square.values), square.values);
  return nearest_unitary(square, distance);
}

void decompose_one(const SquareMatrix& square, const DecompositionOptions& options,
                   MatrixDecomposition& result) {
  const SquareMatrix unitary =
      chosen_unitary(square, options, result.distance_from_unitary, result.rounded);
  if (options.mesh == MeshKind::butterfly)
    decompose_columns(unitary, options, result);
  else
    result.right = mesh_settings(unitary, result.topology, options.device);
}

/// Keeps what the meshes make, and its distance from the matrix, which is given and told over
/// 2^exponent.
void compare(const SquareMatrix& made, const SquareMatrix& scaled, int exponent,
             MatrixDecomposition& result) {
  double squares = 0;
  for (int r = 0; r < result.rebuilt.rows; ++r) {
    for (int c = 0; c < result.rebuilt.columns; ++c) {
      result.rebuilt.values.push_back(made(r, c));
      Complex off = made(r, c);
      scale_by(-exponent, {&off, 1});
      squares += std::norm(off - scaled(r, c));
    }
  }
  result.error = std::sqrt(squares / result.modes);
}

void check_elements(const ComplexMatrix& matrix) {
  require(matrix.rows >= 1 && matrix.columns >= 1, "cannot decompose an empty matrix");
  require(std::max(matrix.rows, matrix.columns) <= most_modes,
          "a matrix of {} x {} is too large for a mesh (at most {} modes are taken)", matrix.rows,
          matrix.columns, most_modes);
  require(std::all_of(matrix.values.begin(), matrix.values.end(),
                      [](Complex v) { return std::isfinite(v.real()) && std::isfinite(v.imag()); }),
          "the matrix holds a value that is not a finite number");
}

/// The block in the top left corner.
SquareMatrix corner(const SquareMatrix& matrix, int size) {
  SquareMatrix block(size);
  for (int r = 0; r < size; ++r)
    for (int c = 0; c < size; ++c) block(r, c) = matrix(r, c);
  return block;
}

/// Of a matrix padded with zeros the singular vectors are those of the matrix, completed within its
/// rows or columns first: the blocks of both factors that belong to it are unitary.
void decompose_two(const SquareMatrix& square, const DecompositionOptions& options,
                   MatrixDecomposition& result) {
  const int rows = result.rebuilt.rows, columns = result.rebuilt.columns;
  const ComplexSvd svd = complex_svd(square);
  if (svd.values[0] > 0) result.scale = svd.values[0];
  for (int k = 0; k < std::min(rows, columns); ++k)
    result.attenuation.push_back(
        std::min(1.0, svd.values[static_cast<std::size_t>(k)] / result.scale));
  result.topology = make_topology(options.mesh, columns);
  result.left_topology = make_topology(options.mesh, rows);
  result.left = mesh_settings(corner(svd.left, rows), result.left_topology, options.device);
  result.right =
      mesh_settings(adjoint(corner(svd.right, columns)), result.topology, options.device);
  result.devices = static_cast<int>(result.topology.cells.size() +
                                    result.left_topology.cells.size() + result.attenuation.size());
}

}  // namespace

SquareMatrix rebuild_matrix(const MatrixDecomposition& result, DeviceKind device) {
  SquareMatrix whole = mesh_matrix(result.topology, device, result.right);
  if (result.inputs_reversed) whole = reverse_columns(whole);
  if (result.outputs_reversed) whole = reverse_rows(whole);
  if (result.attenuation.empty()) return whole;
  const SquareMatrix left = mesh_matrix(result.left_topology, device, result.left);
  SquareMatrix product(std::max(left.size, whole.size));
  for (int r = 0; r < left.size; ++r) {
    for (std::size_t k = 0; k < result.attenuation.size(); ++k) {
      const int mode = static_cast<int>(k);
      const Complex factor = left(r, mode) * (result.scale * result.attenuation[k]);
      for (int c = 0; c < whole.size; ++c) product(r, c) += mul(factor, whole(mode, c));
    }
  }
  return product;
}

double exact_tolerance(int modes) { return 1e-11 * modes; }

double rounded_tolerance(int modes) { return std::max(1e-8 * modes, 2e-6 * std::sqrt(modes)); }

SquareMatrix unitary_of(const ComplexMatrix& matrix, const DecompositionOptions& options,
                        bool& rounded) {
  check_elements(matrix);
  SquareMatrix square = padded(matrix);
  const double distance = matrix.rows == matrix.columns ? distance_from_unitary(square) : -1;
  check(matrix, options, distance);
  return chosen_unitary(std::move(square), options, distance, rounded);
}

MatrixDecomposition set_meshes(const ComplexMatrix& matrix, const DecompositionOptions& options) {
  check_elements(matrix);
  SquareMatrix square = padded(matrix);
  MatrixDecomposition result;
  result.distance_from_unitary = matrix.rows == matrix.columns ? distance_from_unitary(square) : -1;
  check(matrix, options, result.distance_from_unitary);
  result.modes = square.size;
  result.topology = make_topology(options.mesh, result.modes);
  result.columns = result.topology.columns;
  result.devices = static_cast<int>(result.topology.cells.size());
  result.rebuilt = {matrix.rows, matrix.columns, {}};
  if (options.target != Target::svd) {
    decompose_one(square, options, result);
    return result;
  }
  const int exponent = far_exponent(matrix.values);
  scale_by(-exponent, square.values);
  decompose_two(square, options, result);
  result.scale = std::ldexp(result.scale, exponent);
  require(std::isfinite(result.scale),
          "the largest singular value of the matrix is beyond the range of doubles (scale the "
          "matrix)");
  return result;
}

void compare_rebuilt(const ComplexMatrix& matrix, const DecompositionOptions& options,
                     MatrixDecomposition& result) {
  const int exponent = far_exponent(matrix.values);
  const bool is_svd = options.target == Target::svd;
  SquareMatrix square = padded(matrix);
  scale_by(-exponent, square.values);
  const double scale = result.scale;
  if (is_svd) result.scale = std::ldexp(scale, -exponent);
  result.rebuilt.values.clear();
  compare(rebuild_matrix(result, options.device), square, is_svd ? 0 : exponent, result);
  result.error = std::ldexp(result.error, exponent);
  result.scale = scale;
  if (is_svd) scale_by(exponent, result.rebuilt.values);
}

MatrixDecomposition decompose_matrix(const ComplexMatrix& matrix,
                                     const DecompositionOptions& options) {
  MatrixDecomposition result = set_meshes(matrix, options);
  compare_rebuilt(matrix, options, result);
  return result;
}

}  // namespace lightloom::photonic
