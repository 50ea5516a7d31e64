#include "photonic/readout/transceiver.hpp"

namespace lightloom::photonic {

DetectorCard in_parallel(DetectorCard detector, double pairs) {
  detector.dark_current_nA *= pairs;
  detector.diode_capacitance_fF *= pairs;
  return detector;
}

void describe(Section& section, LaserCard& card) {
  section.value("power_per_input_mW", card.power_per_input_mW, positive);
  section.value("local_oscillator_mW", card.local_oscillator_mW, positive);
  section.value("wall_plug", card.wall_plug, {.low = 0, .high = 1, .open_low = true});
  section.value("coupling_loss_db", card.coupling_loss_db, not_negative);
  section.value("rin_dBc_per_Hz", card.rin_dBc_per_Hz, {.high = 0});
  section.choice("duty", card.duty,
                 {{"streaming", LaserDuty::streaming}, {"always", LaserDuty::always}});
}

void describe(Section& section, ModulatorCard& card) {
  section.value("loss_db", card.loss_db, not_negative);
  section.value("energy_fJ", card.energy_fJ, not_negative);
  section.value("extinction_db", card.extinction_db, positive);
  section.value("area_um2", card.area_um2, not_negative);
}

void describe(Section& section, DetectorCard& card) {
  section.value("responsivity_A_per_W", card.responsivity_A_per_W, positive);
  section.value("dark_current_nA", card.dark_current_nA, not_negative);
  section.value("rejection_db", card.rejection_db, not_negative);
  section.value("tia_noise_pA_per_rtHz", card.tia_noise_pA_per_rtHz, not_negative);
  section.value("diode_capacitance_fF", card.diode_capacitance_fF, not_negative);
  section.value("amplifier_capacitance_fF", card.amplifier_capacitance_fF, not_negative);
  section.value("amplifier_voltage_nV_per_rtHz", card.amplifier_voltage_nV_per_rtHz, not_negative);
  section.value("tia_power_mW", card.tia_power_mW, not_negative);
  section.value("tia_area_um2", card.tia_area_um2, not_negative);
  section.value("diode_area_um2", card.diode_area_um2, not_negative);
}

}  // namespace lightloom::photonic
