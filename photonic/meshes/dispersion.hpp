#pragma once

#include "core/cards/card.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::photonic {

/// A laser that has moved away from the wavelength at which a mesh was calibrated. All splitters
/// change alike, the worst error for plain MZIs (Hamerly et al., Nat. Commun. 13, 6831, 2022).
/// Nobody knows of the shift: nothing corrects for it.
struct DispersionCard {
  double shift_nm = 0;  // of the laser
  double wavelength_nm = 1550;
  /// Slope of the coupling angle of all splitters: eta(lambda) = eta_0 + slope shift.
  double coupler_rad_per_nm = 0.002;
  /// By how much the heated arm of every stage is longer than the other.
  double arm_difference_um = 0;
  double group_index = 4.2;
};
void describe(Section& section, DispersionCard& card);

/// By how much the phase 2 pi n(lambda) L / lambda of a guide of length L changes when the
/// wavelength moves from lambda by `shift_nm`, with the effective index linear in the wavelength,
/// n(lambda + d) = n + d (n - n_g) / lambda: -2 pi n_g L d / (lambda (lambda + d)), without n.
double guide_phase_change_rad(double length_um, double group_index, double wavelength_nm,
                              double shift_nm);

/// Applies a shift to set phases (2 pi dn L / lambda: they go with 1 / lambda), splitters and arms.
void disperse(const DispersionCard& card, MeshSettings& settings, Fabrication& fabrication);

}  // namespace lightloom::photonic
