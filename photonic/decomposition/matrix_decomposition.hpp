#pragma once

#include <vector>

#include "core/matrix.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

struct DecompositionOptions {
  enum class Target {
    unitary,  // one mesh; refuses what is not unitary
    nearest,  // one mesh of the nearest unitary (polar decomposition), for a butterfly of the
              // product of butterflies that is nearest level by level
    svd,      // two meshes and attenuators, any matrix of any shape
  };
  MeshKind mesh = MeshKind::clements;
  DeviceKind device = DeviceKind::mzi;
  Target target = Target::unitary;
  double tolerance = 0;  // largest |U U^dagger - 1| taken for unitary, and largest error taken for
                         // a product of butterflies; 0: `rounded_tolerance`
};

/// What is unitary but for round-off in double precision, N modes: 1e-11 N.
double exact_tolerance(int modes);
/// What is unitary but for numbers kept in single precision or with six decimals: 2e-6 sqrt(N), as
/// much as N elements off by 1e-6 can make of it, or 1e-8 N.
double rounded_tolerance(int modes);

/// A matrix as settings of meshes: `scale` U(left) diag(attenuation) U(right), or U(right) alone
/// for one mesh. A matrix that is not square has a right mesh of as many modes as it has columns, a
/// left mesh of as many as it has rows, and an attenuator between the first modes of both.
struct MatrixDecomposition {
  int modes = 0;     // of the larger mesh
  int devices = 0;   // MZIs, attenuators included
  int columns = 0;   // depth of the larger mesh
  double error = 0;  // ||matrix - rebuilt||_F / sqrt(N), N the larger side of the matrix
  double distance_from_unitary =
      0;  // largest |M M^dagger - 1|; of the matrix as given; -1 when it is not square
  bool rounded = false;    // one mesh, and the matrix is not quite unitary: the nearest one is made
  Topology topology;       // of the only mesh, or of the one met first
  Topology left_topology;  // svd only
  MeshSettings right;      // the only mesh, or the one met first
  MeshSettings left;       // svd only
  std::vector<double> attenuation;  // svd only, amplitudes in [0, 1]
  double scale = 1;                 // svd only
  bool inputs_reversed = false;   // butterfly: input k enters the mode with the bits of k reversed
  bool outputs_reversed = false;  // and output k leaves it there
  ComplexMatrix rebuilt;          // what ideal meshes of these settings do
};

/// Largest side of a matrix that is taken: a decomposition takes 14 N^3 flop and more.
inline constexpr int most_modes = 4096;

/// What ideal meshes of these settings do, a square matrix of all modes, zero where a mesh has
/// none: settings back to a matrix.
SquareMatrix rebuild_matrix(const MatrixDecomposition& settings, DeviceKind device);

/// The unitary that one mesh is to make of a matrix: itself, the nearest one where it is `rounded`
/// (polar decomposition), or for the nearest target. Throws `Error` for what the target does not
/// take, as `decompose_matrix` does.
SquareMatrix unitary_of(const ComplexMatrix& matrix, const DecompositionOptions& options,
                        bool& rounded);

/// Throws `Error` for an empty matrix, one with infinite or undefined elements, and one that is not
/// square or not unitary when a single mesh was asked for (naming its distance), or no product of
/// butterflies when a butterfly mesh was (naming how far the best one is away).
MatrixDecomposition decompose_matrix(const ComplexMatrix& matrix,
                                     const DecompositionOptions& options = {});

/// The same in its two halves, for who needs the settings first: without `rebuilt` and `error`, and
/// these of settings that `set_meshes` made of the same matrix and options.
MatrixDecomposition set_meshes(const ComplexMatrix& matrix,
                               const DecompositionOptions& options = {});
void compare_rebuilt(const ComplexMatrix& matrix, const DecompositionOptions& options,
                     MatrixDecomposition& result);

}  // namespace lightloom::photonic
