#pragma once

#include "photonic/mesh.hpp"

namespace lightloom::photonic {

/// Settings that make an imperfect mesh do what `ideal` makes a perfect one do, from known splitter
/// errors: the local correction of Bandyopadhyay, Hamerly, Englund, Optica 8, 1247 (2021), device
/// by device in the order of light with the phases a device cannot take moved on to the next. Exact
/// to round-off where |T11/T12| of every device lies in
/// [|tan(alpha+beta)|, |cot(alpha-beta)|]; outside it, the nearest ratio is set and the device
/// counted. O(N^2).
/// What the devices that cannot take their ratio do with the light that leaks.
enum class Leak {
  nearest,     // in phase with the target: least |T' - T| of the device
  quadrature,  // turned until the device's real part is right. For real targets read out by their
               // real part: there a leak in quadrature changes the result to second order only
};

struct CorrectedSettings {
  MeshSettings settings;
  int unreachable = 0;
};
CorrectedSettings correct_locally(const Topology& topology, const MeshSettings& ideal,
                                  std::span<const MziErrors> fabrication,
                                  Leak leak = Leak::nearest);

}  // namespace lightloom::photonic
