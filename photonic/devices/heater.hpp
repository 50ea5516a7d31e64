#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// A phase shifter (or the heater of a ring).
struct ShifterCard {
  double pi_power_mW = 30;        // electrical power for a phase of pi
  double settle_us = 10;          // after a new setting
  double write_energy_pJ = 3.57;  // of one new setting: DAC code and driver
  double area_um2 = 0;            // of one device with its shifters and its share of guides
};
void describe(Section& section, ShifterCard& card);

/// How a thermo-optic shifter turns a voltage into a phase: phi = gamma V^2 + gamma_2 V^4, gamma =
/// pi / V_pi^2. The quartic term is the resistance's rise with its own heat, R = R0 (1 + rho P), to
/// first order in rho: gamma_2 = -h gamma^2 / pi with h = rho P_pi, the relative rise of the
/// resistance at a phase of pi.
struct HeaterCard {
  double pi_voltage_V = 4.36;   // without self-heating
  double max_voltage_V = 10.8;  // of the driver
  int voltage_bits = 0;         // uniform codes from 0 to max_voltage_V; 0: continuous
  double self_heating =
      0;  // h above; the series is 0.7 % low at h phi/pi = 0.06, keep it below 0.1
  double efficiency_sigma =
      0;  // relative spread of gamma over the heaters of a chip that calibration does not know
};
void describe(Section& section, HeaterCard& card);

/// The law of one heater: phi = gamma V^2 + gamma_2 V^4.
struct HeaterLaw {
  double gamma = 0;   // rad / V^2
  double gamma2 = 0;  // rad / V^4, negative for a metal heater

  [[nodiscard]] double phase(double square_V2) const {
    return (gamma + gamma2 * square_V2) * square_V2;
  }
  /// The smallest V^2 of a phase >= 0; where the law turns before it gets there, the V^2 at which
  /// it turns, with `reached` false.
  struct Square {
    double value = 0;
    bool reached = true;
  };
  [[nodiscard]] Square square(double phase_rad) const;
};
/// As the card designs it.
HeaterLaw heater_law(const HeaterCard& card);

/// Phase at a voltage.
double heater_phase(const HeaterCard& card, double voltage_V);
/// The smallest voltage of that phase; clipped to what the driver and the law reach.
struct DrivenVoltage {
  double voltage_V = 0;
  bool clipped = false;
};
DrivenVoltage heater_voltage(const HeaterCard& card, double phase_rad);
/// The voltage of the nearest code; unchanged for continuous drivers.
double coded_voltage(const HeaterCard& card, double voltage_V);

}  // namespace lightloom::photonic
