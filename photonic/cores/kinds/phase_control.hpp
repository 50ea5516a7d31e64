#pragma once

#include "photonic/cores/core_card.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// Rounds all phases to a grid of 2^bits steps over one turn, after wrapping them into [0, 2 pi).
/// bits 0: leaves them.
void quantise_phases(int bits, MeshSettings& settings);

/// Brings all phases to what heaters hold (see held_phase).
void wrap_phases(MeshSettings& settings);

/// What drivers make of set phases: brought to what heaters hold, clipped to the voltage limit, at
/// the nearest code, with each heater's own efficiency. Drawn for mesh number `mesh`, whose
/// shifters count theta, phi, screen. Returns how many were clipped. Leaves ideal drivers' phases
/// as they are.
int drive_heaters(const HeaterCard& card, const TileAddress& address, int mesh,
                  MeshSettings& settings);

/// What the shifters of mesh number `mesh` of a chip have without drive (Purpose::phase_bias), by
/// theta, phi, screen and outer; all empty for PhaseBias::none.
MeshSettings phase_biases(const CoreCard& card, const TileAddress& address, int mesh,
                          const Topology& topology);
/// Adds `sign` times such phases.
void add_phases(const MeshSettings& phases, double sign, MeshSettings& settings);

/// Phase errors of shifters 0 ... count-1 of a chip that do not change from write to write: what
/// calibration left (Purpose::phase_error) and what has drifted since (Purpose::drift). Empty when
/// there are none.
std::vector<double> static_phase_errors(const CoreCard& card, const TileAddress& address,
                                        std::size_t count);

/// Errors of set phases on one chip: a static part per shifter (Purpose::phase_error) and one new
/// at every write (Purpose::programming). Meshes are numbered; theta, phi, screen and outer
/// shifters of one mesh have their own devices.
class PhaseErrors {
 public:
  PhaseErrors(const CoreCard& card, const TileAddress& address, const Topology& topology);
  /// Adds the errors to what is present in `settings` (theta, phi, screen may be empty).
  void add(int mesh, const TileAddress& address, MeshSettings& settings) const;

 private:
  double programming_sigma_rad_;
  std::vector<int> outer_;             // cells of a mesh of compact devices with a shifter in front
  std::uint64_t shifters_;             // of one mesh
  std::vector<double> static_errors_;  // (mesh 0, 1 and the attenuators; shifter), or empty
};

}  // namespace lightloom::photonic
