#include "photonic/devices/heater.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::photonic {

void describe(Section& section, ShifterCard& card) {
  section.value("pi_power_mW", card.pi_power_mW, not_negative);
  section.value("settle_us", card.settle_us, not_negative);
  section.value("write_energy_pJ", card.write_energy_pJ, not_negative);
  section.value("area_um2", card.area_um2, not_negative);
}

void describe(Section& section, HeaterCard& card) {
  section.value("pi_voltage_V", card.pi_voltage_V, positive);
  section.value("max_voltage_V", card.max_voltage_V, positive);
  section.value("voltage_bits", card.voltage_bits, {.low = 0, .high = 24});
  section.value("self_heating", card.self_heating, {.low = 0, .high = 0.2});
  section.value("efficiency_sigma", card.efficiency_sigma, {.low = 0, .high = 0.2});
}

HeaterLaw heater_law(const HeaterCard& card) {
  const double gamma = std::numbers::pi / (card.pi_voltage_V * card.pi_voltage_V);
  return {gamma, -card.self_heating * gamma * gamma / std::numbers::pi};
}

HeaterLaw::Square HeaterLaw::square(double phase_rad) const {
  // phi = gamma x + gamma2 x^2 for x = V^2, by the form of the root that does not cancel.
  const double root = gamma * gamma + 4 * gamma2 * phase_rad;
  if (root < 0) return {-gamma / (2 * gamma2), false};
  return {2 * phase_rad / (gamma + std::sqrt(root)), true};
}

double heater_phase(const HeaterCard& card, double voltage_V) {
  return heater_law(card).phase(voltage_V * voltage_V);
}

DrivenVoltage heater_voltage(const HeaterCard& card, double phase_rad) {
  const HeaterLaw::Square square = heater_law(card).square(phase_rad);
  const double limit = card.max_voltage_V * card.max_voltage_V;
  return {std::sqrt(std::clamp(square.value, 0.0, limit)),
          !square.reached || square.value > limit || phase_rad < 0};
}

double coded_voltage(const HeaterCard& card, double voltage_V) {
  if (card.voltage_bits == 0) return voltage_V;
  const double step = card.max_voltage_V / (std::exp2(card.voltage_bits) - 1);
  return std::min(card.max_voltage_V, step * std::round(voltage_V / step));
}

}  // namespace lightloom::photonic
