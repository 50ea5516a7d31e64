#pragma once

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Settings of an ideal mesh that realises `unitary`, by moduli in atan2 and phases wrapped at
/// every step, so that zeros and large sizes are no special cases (Clements et al., Optica 3, 1460,
/// 2016; Reck et al., PRL 73, 58, 1994). The matrix must be unitary; what it lacks in unitarity is
/// lost (see `distance_from_unitary`). theta in [0, pi], phi and screen in (-pi, pi]. About 14 N^3
/// flop.
MeshSettings decompose_clements(const SquareMatrix& unitary);
MeshSettings decompose_reck(const SquareMatrix& unitary);

}  // namespace lightloom::photonic
