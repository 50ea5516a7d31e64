#include "photonic/readout/detection.hpp"

#include <cmath>
#include <numbers>

#include "core/constants.hpp"

namespace lightloom::photonic {
namespace {

/// Share of the sum of both currents that a balanced pair lets through.
double leaking_share(const DetectorCard& detector) {
  return detector.rejection_db < perfect_rejection_db ? std::pow(10.0, -detector.rejection_db / 20)
                                                      : 0.0;
}

/// Share of full-scale light that a modulator lets through at a code 0.
double dark_share(const ModulatorCard& modulator) {
  return modulator.extinction_db < perfect_extinction_db
             ? std::pow(10.0, -modulator.extinction_db / 10)
             : 0.0;
}

}  // namespace

double shot_variance_A2(double photocurrent_A, double dark_A, double bandwidth_Hz) {
  return 2 * constant::elementary_charge_C * (photocurrent_A + dark_A) * bandwidth_Hz;
}

double amplifier_variance_A2(double density_pA_per_rtHz, double bandwidth_Hz) {
  const double density_A = density_pA_per_rtHz * 1e-12;
  return density_A * density_A * bandwidth_Hz;
}

double amplifier_variance_A2(const DetectorCard& detector, double bandwidth_Hz) {
  const double farad =
      (2 * detector.diode_capacitance_fF + detector.amplifier_capacitance_fF) * 1e-15;
  const double density_A_per_Hz =
      2 * std::numbers::pi * farad * detector.amplifier_voltage_nV_per_rtHz * 1e-9;
  return amplifier_variance_A2(detector.tia_noise_pA_per_rtHz, bandwidth_Hz) +
         density_A_per_Hz * density_A_per_Hz * std::pow(bandwidth_Hz, 3) / 3;
}

double thermal_variance_A2(double kelvin, double ohm, double noise_factor, double bandwidth_Hz) {
  return 4 * constant::boltzmann_J_per_K * kelvin * noise_factor * bandwidth_Hz / ohm;
}

double intensity_variance_A2(double photocurrent_A, double rin_dBc_per_Hz, double bandwidth_Hz) {
  return power_ratio(Decibels{rin_dBc_per_Hz}) * photocurrent_A * photocurrent_A * bandwidth_Hz;
}

ReadoutNoise intensity_readout(const IntensityLink& link, double power_mW, double bandwidth_Hz) {
  const DetectorCard& detector = link.detector;
  const double dark = dark_share(link.modulator);
  const double full_A = detector.responsivity_A_per_W * power_mW * 1e-3 * (1 - dark);
  const double dark_A = 2 * detector.dark_current_nA * 1e-9;
  const double dark_and_amplifier =
      shot_variance_A2(0, dark_A, bandwidth_Hz) + amplifier_variance_A2(detector, bandwidth_Hz);
  return {.additive = std::sqrt(dark_and_amplifier) / full_A,
          .shot = std::sqrt(shot_variance_A2(full_A, 0, bandwidth_Hz)) / full_A,
          .relative = std::sqrt(intensity_variance_A2(1, link.laser.rin_dBc_per_Hz, bandwidth_Hz)),
          .leak = leaking_share(detector),
          .dark = dark / (1 - dark)};
}

ReadoutNoise homodyne_readout(const LaserCard& laser, const DetectorCard& detector, double power_mW,
                              double bandwidth_Hz) {
  const double signal_A = detector.responsivity_A_per_W * power_mW * 1e-3;
  const double oscillator_A = detector.responsivity_A_per_W * laser.local_oscillator_mW * 1e-3;
  const double dark_A = 2 * detector.dark_current_nA * 1e-9;
  const double full_A = 2 * std::sqrt(signal_A * oscillator_A);
  const double leak_A = leaking_share(detector) * oscillator_A;
  const double constant_part = shot_variance_A2(oscillator_A, dark_A, bandwidth_Hz) +
                               intensity_variance_A2(leak_A, laser.rin_dBc_per_Hz, bandwidth_Hz) +
                               amplifier_variance_A2(detector, bandwidth_Hz);
  return {.additive = std::sqrt(constant_part) / full_A,
          .signal = std::sqrt(shot_variance_A2(signal_A, 0, bandwidth_Hz)) / full_A,
          .relative = std::sqrt(intensity_variance_A2(1, laser.rin_dBc_per_Hz, bandwidth_Hz))};
}

}  // namespace lightloom::photonic
