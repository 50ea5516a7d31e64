#pragma once

#include <span>

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Settings of two meshes and a row of attenuators that realise a real matrix, W = scale U
/// diag(attenuation) V^T with attenuation in [0, 1]. Meshes of more modes than W has rows or
/// columns hold W in their first rows and columns; what they do elsewhere is nobody's, see
/// `decompose_svd`.
struct SvdSettings {
  double scale = 1;                 // largest singular value; 1 for a zero matrix
  std::vector<double> attenuation;  // amplitude per mode, descending
  MeshSettings left;                // U, met last
  MeshSettings right;               // V^T, met first
};

/// Decomposes a real (rows, columns) row-major matrix for square meshes of `topology`, which may
/// have more modes. The other rows and columns are completed to a matrix whose factors look random,
/// of the same largest singular value: zeros there would ask for exact cross and bar states, which
/// no imperfect splitter has. The completion is a function of the matrix and the modes alone.
/// Meshes of butterflies take zeros: hardly any matrix is theirs. Throws `Error` where the factors
/// are more than butterfly meshes can do.
SvdSettings decompose_svd(std::span<const float> matrix, int rows, int columns,
                          const Topology& topology);

}  // namespace lightloom::photonic
