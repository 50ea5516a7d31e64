#include "photonic/meshes/dispersion.hpp"

#include <numbers>

namespace lightloom::photonic {

void describe(Section& section, DispersionCard& card) {
  section.value("shift_nm", card.shift_nm, {.low = -200, .high = 200});
  section.value("wavelength_nm", card.wavelength_nm, {.low = 400});
  section.value("coupler_rad_per_nm", card.coupler_rad_per_nm, {.low = -0.1, .high = 0.1});
  section.value("arm_difference_um", card.arm_difference_um);
  section.value("group_index", card.group_index, {.low = 1});
}

double guide_phase_change_rad(double length_um, double group_index, double wavelength_nm,
                              double shift_nm) {
  return -2 * std::numbers::pi * group_index * length_um * 1e3 * shift_nm /
         (wavelength_nm * (wavelength_nm + shift_nm));
}

void disperse(const DispersionCard& card, MeshSettings& settings, Fabrication& fabrication) {
  if (card.shift_nm == 0) return;
  const double slower = card.wavelength_nm / (card.wavelength_nm + card.shift_nm);
  for (auto* phases : {&settings.theta, &settings.phi, &settings.screen, &settings.outer})
    for (double& phase : *phases) phase *= slower;
  const double coupler = card.coupler_rad_per_nm * card.shift_nm;
  const double arm = guide_phase_change_rad(card.arm_difference_um, card.group_index,
                                            card.wavelength_nm, card.shift_nm);
  for (MziErrors& cell : fabrication) {
    cell.alpha_rad += coupler;
    cell.beta_rad += coupler;
    cell.epsilon_rad += coupler;
    cell.theta_top.phase_rad += arm;
    cell.phi_top.phase_rad += arm;
  }
}

}  // namespace lightloom::photonic
