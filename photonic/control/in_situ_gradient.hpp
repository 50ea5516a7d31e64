#pragma once

#include <span>

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Power on the guide of every phase shifter of a mesh (theta, phi, screen), as monitors there
/// would read it, for fields `inputs` (modes).
MeshSettings shifter_powers(const ConfiguredMesh& mesh, std::span<const Complex> inputs);

/// Gradient of a loss L of the outputs with respect to every set phase of a lossless mesh, from
/// three maps of powers alone: (P_sum - P_forward - P_backward) / 2 (Hughes et al., Optica 5, 864,
/// 2018). `forward` is read with the input x, `backward` with b = U^H g where dL = Re sum conj(g_i)
/// dy_i (what comes out at the inputs when conj(g) is sent in at the outputs, conjugated), and
/// `sum` with x - i b.
MeshSettings gradient_from_powers(const MeshSettings& sum, const MeshSettings& forward,
                                  const MeshSettings& backward);

}  // namespace lightloom::photonic
