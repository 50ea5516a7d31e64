#pragma once

#include "photonic/decomposition/local_correction.hpp"

namespace lightloom::photonic {

/// Settings that make a mesh of compact devices (`DeviceKind::compact`: both shifters on the inner
/// arms; Bell and Walmsley, APL Photonics 6, 070804, 2021) do what `ideal` makes a mesh of perfect
/// plain MZIs do. A compact device has no phase in front of one of its inputs, only one common to
/// both outputs; the phases that a cell wants between its inputs are taken up by the common phases
/// of the cells before it, as far as they go, and else by a shifter in front of the cell's top
/// input (`MeshSettings::outer`): with the Clements layout in front of the first column and, for an
/// even number of modes, on the uppermost guide where a column passes it by. What is left at the
/// end is in the screen. theta and phi are the phases of the upper and lower inner arm.
///
/// Known splitter errors are corrected as `correct_locally` does, which calls this: the split of a
/// compact device is that of the plain MZI, its phases (those of an SU(2) matrix) only move more.
/// The phases of its arms are not corrected.
CorrectedSettings compact_settings(const Topology& topology, const MeshSettings& ideal,
                                   std::span<const MziErrors> fabrication = {},
                                   Leak leak = Leak::nearest);

/// Cells (indices) of a mesh of compact devices that have a shifter in front of their top input.
std::vector<int> outer_shifters(const Topology& topology);

}  // namespace lightloom::photonic
