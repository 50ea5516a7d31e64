#pragma once

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Settings of a mesh of ideal plain MZIs in the convention of strawberryfields and of
/// clementsw/interferometer: 2x2s [[e^{i phi} cos t, -sin t], [e^{i phi} sin t, cos t]] in the same
/// places and order, then the screen. Ours is -i e^{i theta / 2} times theirs at t = pi/2 - theta/2
/// and phi + pi; the common phases are moved on to the next devices and to the screen. t in
/// [0, pi/2] for theta in [0, pi]; phi and screen in (-pi, pi].
MeshSettings to_beamsplitter_convention(const Topology& topology, const MeshSettings& settings);
/// Theirs to ours.
MeshSettings from_beamsplitter_convention(const Topology& topology, const MeshSettings& theirs);

}  // namespace lightloom::photonic
