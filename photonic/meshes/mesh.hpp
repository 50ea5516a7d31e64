#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "photonic/devices/mzi.hpp"
#include "photonic/meshes/topology.hpp"

namespace lightloom::photonic {

/// The set phases of a mesh, in radians: one theta and phi per cell of its topology, one screen
/// phase per output mode.
struct MeshSettings {
  std::vector<double> theta;
  std::vector<double> phi;
  std::vector<double> screen;
  /// Meshes of compact devices: phase of the guide in front of a cell's top input, one per cell, 0
  /// where there is no shifter (see compact.hpp). Empty: none.
  std::vector<double> outer{};
};

/// What fabrication did to a mesh, per cell of its topology. Empty: ideal.
using Fabrication = std::vector<MziErrors>;

/// A square complex matrix, row-major: element (output, input).
struct SquareMatrix {
  int size = 0;
  std::vector<Complex> values;

  SquareMatrix() = default;
  explicit SquareMatrix(int n)
      : size(n), values(static_cast<std::size_t>(n) * static_cast<std::size_t>(n)) {}
  Complex& operator()(int row, int column) { return values[index(row, column)]; }
  const Complex& operator()(int row, int column) const { return values[index(row, column)]; }

 private:
  [[nodiscard]] std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(size) +
           static_cast<std::size_t>(column);
  }
};
SquareMatrix identity_matrix(int size);

/// Settings of the right sizes, all zero.
MeshSettings zero_settings(const Topology& topology);

/// A mesh as it was made and is set; nothing is owned. `fabrication` empty or one entry per cell.
struct ConfiguredMesh {
  const Topology& topology;
  DeviceKind kind;
  const MeshSettings& settings;
  std::span<const MziErrors> fabrication{};
};

/// The 2x2 of every cell; `transfers` one per cell.
void cell_transfers(const ConfiguredMesh& mesh, std::span<Transfer> transfers);

/// The matrix a mesh realises.
SquareMatrix mesh_matrix(const Topology& topology, DeviceKind kind, const MeshSettings& settings,
                         std::span<const MziErrors> fabrication = {});

/// ||a - b||_F / sqrt(N), the error E of every law in docs/evidence/photonics.md.
double matrix_error(const SquareMatrix& a, const SquareMatrix& b);
/// |tr(a^dagger b)| / sqrt(tr(a^dagger a) tr(b^dagger b)), squared: 1 when equal up to a factor.
double matrix_fidelity(const SquareMatrix& a, const SquareMatrix& b);
/// Largest element of |U U^dagger - 1|; infinite where its sums leave the range of doubles.
double distance_from_unitary(const SquareMatrix& matrix);

}  // namespace lightloom::photonic
