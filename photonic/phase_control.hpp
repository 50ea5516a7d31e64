#pragma once

#include "photonic/core_card.hpp"
#include "photonic/mesh.hpp"

namespace lightloom::photonic {

/// Rounds all phases to a grid of 2^bits steps over one turn, after wrapping them into [0, 2 pi).
/// bits 0: leaves them.
void quantise_phases(int bits, MeshSettings& settings);

/// Errors of set phases on one chip: a static part per shifter (Purpose::phase_error) and one new
/// at every write (Purpose::programming). Meshes are numbered; theta, phi and screen of one mesh
/// have their own devices.
class PhaseErrors {
 public:
  PhaseErrors(const CoreCard& card, const TileAddress& address, const Topology& topology);
  /// Adds the errors to what is present in `settings` (theta, phi, screen may be empty).
  void add(int mesh, const TileAddress& address, MeshSettings& settings) const;

 private:
  double programming_sigma_rad_;
  std::uint64_t shifters_;             // of one mesh
  std::vector<double> static_errors_;  // (mesh 0, 1 and the attenuators; shifter), or empty
};

}  // namespace lightloom::photonic
