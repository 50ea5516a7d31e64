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

/// Settings of a mesh of ideal plain MZIs whose phi stands behind the device, on its upper output,
/// and whose screen stands in front of the mesh: what `settings` does, with phases behind instead
/// of in front. A phase common to both outputs of a device is moved to its inputs, from the last
/// device to the first. Theirs is neurophox's, read as matrices that row vectors are multiplied
/// with: the transpose. Phases in (-pi, pi].
MeshSettings to_phases_behind(const Topology& topology, const MeshSettings& settings);
/// Theirs to ours.
MeshSettings from_phases_behind(const Topology& topology, const MeshSettings& theirs);

/// Phases of compact devices as half difference delta and mean sigma, in place of theta and of phi:
/// the device is e^{i sigma} [[sin delta, cos delta], [cos delta, -sin delta]], the sMZI of
/// strawberryfields' `rectangular_compact`. Ours are theta and phi on the inner arms, the device i
/// e^{i (theta + phi) / 2} times the same matrix of (theta - phi) / 2.
MeshSettings to_compact_convention(const MeshSettings& settings);
/// Theirs to ours.
MeshSettings from_compact_convention(const MeshSettings& theirs);

}  // namespace lightloom::photonic
