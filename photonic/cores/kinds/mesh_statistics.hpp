#pragma once

#include <string>

#include "photonic/cores/chip_statistics.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// `chip_statistics` of an MZI-mesh card: one mesh a chip, told to be a Haar-random unitary.
ChipStatistics mesh_statistics(const CoreCard& card, const ChipOptions& options);

/// Settings of a perfect mesh that make the target of a chip: a Haar-random unitary, for a
/// butterfly a product of butterflies whose 2x2s are Haar-random.
MeshSettings random_target(const Topology& topology, const TileAddress& address);
/// What that target is called.
std::string name_of_target(const Topology& topology);

}  // namespace lightloom::photonic
