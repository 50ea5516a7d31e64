#pragma once

#include "photonic/readout/readout_noise.hpp"
#include "photonic/readout/transceiver.hpp"

namespace lightloom::photonic {

/// Variances of a photocurrent in A^2 over a one-sided bandwidth
/// (docs/models/photonic/devices.md#detection).
/// Shot noise 2q(i + i_dark)B of a mean photocurrent i (A) on diodes whose dark currents add up to
/// i_dark (A).
double shot_variance_A2(double photocurrent_A, double dark_A, double bandwidth_Hz);
/// Amplifier noise i_n^2 B from the input-referred density in pA/sqrt(Hz).
double amplifier_variance_A2(double density_pA_per_rtHz, double bandwidth_Hz);
/// That of an amplifier on a balanced pair: i_n^2 B + (2 pi C e_n)^2 B^3 / 3, the second its
/// voltage noise over the capacitance C of both diodes and its own input, whose current grows with
/// frequency.
double amplifier_variance_A2(const DetectorCard& detector, double bandwidth_Hz);
/// Johnson noise 4 k T F B / R of a load resistor.
double thermal_variance_A2(double kelvin, double ohm, double noise_factor, double bandwidth_Hz);
/// Laser intensity noise RIN i^2 B.
double intensity_variance_A2(double photocurrent_A, double rin_dBc_per_Hz, double bandwidth_Hz);

/// What light passes between the source of an input and the current of an output.
struct IntensityLink {
  LaserCard laser;
  DetectorCard detector;
  ModulatorCard modulator = {};
};

/// Noise of a balanced pair that reads sum_j x_j w_j from intensities x_j in [0, 1]: `power_mW`
/// reaches the pair for an input at full scale, whatever its weight (w moves light from one diode
/// to the other), so shot noise follows sum_j x_j. The intensity noise of the source multiplies the
/// result and, where the pair is uneven, the share r = 10^(-rejection_db / 20) of the whole power:
/// RIN (y + r sum_j x_j)^2 B. A modulator of extinction E leaves 1 / E of full scale at a code 0:
/// the signal shrinks to 1 - 1 / E, and `dark` = 1 / (E - 1) of it is always there.
ReadoutNoise intensity_readout(const IntensityLink& link, double power_mW, double bandwidth_Hz);

/// Noise of a homodyne read-out of a field y, i = 2R sqrt(P_s P_LO) y, with `power_mW` the signal
/// power at y = 1. Shot noise 2qR(P_s y^2 + P_LO)B: the local oscillator's share is additive, the
/// signal's goes with y^2 (`signal`). Of the local oscillator's intensity
/// noise the share that the pair's common-mode rejection lets through stays, RIN (r R P_LO)^2 B
/// with r = 10^(-rejection_db / 20); that of the product stays whole.
ReadoutNoise homodyne_readout(const LaserCard& laser, const DetectorCard& detector, double power_mW,
                              double bandwidth_Hz);

}  // namespace lightloom::photonic
