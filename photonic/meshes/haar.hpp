#pragma once

#include "core/random/random.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// A Haar-random unitary: Gram-Schmidt of a complex Gaussian matrix. Pure function of (stream,
/// shot).
SquareMatrix haar_unitary(int size, const Stream& stream, std::uint64_t shot = 0);

/// Settings of an ideal Clements mesh that realises a Haar-random unitary, without decomposing one:
/// cos^2(theta/2) = u^{1/k} with k = min(2 min(x, N-1-x) + 1, 2 min(y, N-2-y) + 2) at column x and
/// mode y, all other phases uniform.
MeshSettings haar_clements_settings(const Topology& topology, const Stream& stream,
                                    std::uint64_t shot = 0);

/// The exponent k above.
int haar_exponent(int modes, int column, int mode);
/// Mean of theta under that law, in radians.
double haar_mean_theta(int exponent);

}  // namespace lightloom::photonic
