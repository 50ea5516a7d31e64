#pragma once

#include "photonic/cores/core_card.hpp"

namespace lightloom::photonic {

/// Effective number of bits by SINAD of a full-scale sine, (SINAD_dB - 1.76) / 6.02.
double enob_sine(double sinad_db);
/// Effective number of bits of a signal that fills `full_scale` evenly, log2(FS / (sqrt(12)
/// sigma)): for network signals.
double enob_uniform(double full_scale, double sigma);
/// Signal to noise in dB of `signal_A` against a variance.
double snr_db(double signal_A, double variance_A2);

/// What the light of a core is worth at one output, for one input at full scale through weight 1.
struct LinkBudget {
  double insertion_loss_db = 0;
  double detected_mW = 0;
  double noise = 0;  // standard deviation in units of that signal, all sources
  double snr_db = 0;
  double enob_sine = 0;     // of that single product
  double enob_uniform = 0;  // of signals filling [-1, 1]
  double adc_noise = 0;     // error_lsb of an ADC of that range, in units of the signal; 0: no ADC
  double enob_converted = 0;  // uniform, of light and ADC together
};
LinkBudget link_budget(const CoreCard& card);

/// Smallest optical power per input (mW, at the laser) for which enob_uniform reaches `bits`, or
/// `reachable` false when intensity noise, which grows with the signal, does not allow it at any
/// power.
struct LaserRequirement {
  double power_per_input_mW = 0;
  bool reachable = true;
};
LaserRequirement required_laser_power(const CoreCard& card, double bits);

/// SimPhony's rule, a heuristic kept for comparison: electrical mW = 10^((loss + S + 10 log10
/// k)/10) 2^bits / wall_plug / (1 - 10^(-ER/10)), S = -27 dBm the detector's sensitivity, k the
/// fan-out.
struct SensitivityRule {
  double loss_db = 0;
  double fan_out = 1;
  int bits = 0;
  double wall_plug = 1;
  double extinction_db = 200;
  double sensitivity_dBm = -27;
};
double sensitivity_laser_power_mW(const SensitivityRule& rule);

}  // namespace lightloom::photonic
