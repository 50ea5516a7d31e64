#pragma once

#include <vector>

#include "photonic/cores/core_table.hpp"

namespace lightloom::photonic {

/// The phases of both meshes of every tile as a chip of an mzi-mesh core has them, radians: theta
/// and phi of every device, the screen behind, each of the mesh that is met first (V^T) and of the
/// last one (U); and the amplitudes of the attenuators between them. Corrections, codes, and errors
/// of set phases are in them. Throws `Error` for tiles that the meshes cannot make.
std::vector<DeviceSettings> mesh_device_settings(const CoreCard& card, const TileBatch& batch);

}  // namespace lightloom::photonic
