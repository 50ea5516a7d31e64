#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// When the laser takes its power: while symbols run, or as long as the core is on.
enum class LaserDuty { streaming, always };

/// The light source of a core. All lines or inputs share one source, so its intensity noise is
/// common to all outputs.
struct LaserCard {
  double power_per_input_mW =
      4;  // optical, at the laser's facet, for every input (column) of the core
  double local_oscillator_mW =
      1;  // optical, at the detector, for every output; coherent (homodyne) cores only
  double wall_plug = 0.2;         // optical out / electrical in
  double coupling_loss_db = 0.7;  // laser to chip
  double rin_dBc_per_Hz = -150;   // relative intensity noise
  LaserDuty duty = LaserDuty::streaming;
};

inline constexpr double perfect_extinction_db = 200;

/// What puts an input number on the light.
struct ModulatorCard {
  double loss_db = 1.2;
  double energy_fJ = 450;  // per symbol
  /// Full-scale light over that of a code 0, in dB; from `perfect_extinction_db` on, a code 0 is
  /// dark. Acts on intensities: the rest of a field is in the quadrature that homodyne does not
  /// read.
  double extinction_db = 200;
  double area_um2 = 0;
};

inline constexpr double perfect_rejection_db = 200;

/// Photodiode and amplifier of one output. Detectors of a balanced pair are counted as two diodes,
/// one amplifier.
struct DetectorCard {
  double responsivity_A_per_W = 1;
  double dark_current_nA = 25;  // per diode
  /// Common-mode rejection of a balanced pair lit by equal currents, 20 log10((i1 + i2) / |i_out|):
  /// that share of the sum of the two currents comes through. Its mean is known from calibration;
  /// the intensity noise on it stays. From `perfect_rejection_db` on, nothing comes through.
  double rejection_db = 200;
  double tia_noise_pA_per_rtHz = 10;    // input-referred current noise density of the amplifier
  double diode_capacitance_fF = 0;      // per diode
  double amplifier_capacitance_fF = 0;  // of the amplifier's input
  double amplifier_voltage_nV_per_rtHz = 0;  // input-referred voltage noise density, which drives
                                             // current through all capacitance at the input
  double tia_power_mW = 3;                   // per output
  double tia_area_um2 = 50;
  double diode_area_um2 = 0;  // per diode
};

/// Such pairs in parallel at one amplifier: one of their summed dark current and capacitance.
DetectorCard in_parallel(DetectorCard detector, double pairs);

void describe(Section& section, LaserCard& card);
void describe(Section& section, ModulatorCard& card);
void describe(Section& section, DetectorCard& card);

}  // namespace lightloom::photonic
