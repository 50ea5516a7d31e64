#pragma once

#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// What the devices that cannot take their ratio do with the light that leaks.
enum class Leak {
  nearest,     // in phase with the target: least |T' - T| of the device
  quadrature,  // turned until the device's real part is right. For real targets read out by their
               // real part: there a leak in quadrature changes the result to second order only
};

struct CorrectionOptions {
  DeviceKind device = DeviceKind::mzi;  // `leak` is for all but three-splitter
  Leak leak = Leak::nearest;
};

struct CorrectedSettings {
  MeshSettings settings;
  int unreachable = 0;
};

/// Settings that make an imperfect mesh do what `ideal` makes a mesh of perfect plain MZIs do, from
/// known splitter errors: the local correction of Bandyopadhyay, Hamerly, Englund, Optica 8, 1247
/// (2021), device by device in the order of light, phases that a device cannot take moved on to the
/// next. Exact to round-off where |T11/T12| of every device lies in [|tan(alpha+beta)|,
/// |cot(alpha-beta)|] (plain MZI); outside it, the nearest ratio is set and the device counted.
/// With a three-splitter or crossing device (Hamerly et al., Nat. Commun. 13, 6831, 2022) the
/// settings are for a mesh of those; with `fabrication` empty this only translates settings of
/// plain MZIs to them. O(N^2).
CorrectedSettings correct_locally(const Topology& topology, const MeshSettings& ideal,
                                  std::span<const MziErrors> fabrication,
                                  const CorrectionOptions& options = {});

}  // namespace lightloom::photonic
