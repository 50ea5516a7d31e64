#pragma once

#include <span>

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Settings of two meshes and a row of attenuators that realise a real matrix, W = scale U
/// diag(attenuation) V^T with attenuation in [0, 1]. The meshes have max(rows, columns) modes; the
/// padding rows and columns are zero.
struct SvdSettings {
  double scale = 1;                 // largest singular value; 1 for a zero matrix
  std::vector<double> attenuation;  // amplitude per mode, descending
  MeshSettings left;                // U, met last
  MeshSettings right;               // V^T, met first
};

/// Decomposes a real (rows, columns) row-major matrix for square meshes of `topology`. Throws
/// `Error` where the factors are more than butterfly meshes can do.
SvdSettings decompose_svd(std::span<const float> matrix, int rows, int columns,
                          const Topology& topology);

}  // namespace lightloom::photonic
