#include "photonic/heater.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::photonic {
namespace {

double gamma_per_V2(const HeaterCard& card) {
  return std::numbers::pi / (card.pi_voltage_V * card.pi_voltage_V);
}
double gamma2_per_V4(const HeaterCard& card) {
  const double gamma = gamma_per_V2(card);
  return -card.self_heating * gamma * gamma / std::numbers::pi;
}

}  // namespace

void describe(Section& section, HeaterCard& card) {
  section.value("pi_voltage_V", card.pi_voltage_V, positive);
  section.value("max_voltage_V", card.max_voltage_V, positive);
  section.value("voltage_bits", card.voltage_bits, {.low = 0, .high = 24});
  section.value("self_heating", card.self_heating, {.low = 0, .high = 0.2});
  section.value("efficiency_sigma", card.efficiency_sigma, {.low = 0, .high = 0.2});
}

double held_phase(double phase_rad) {
  constexpr double turn = 2 * std::numbers::pi;
  if (phase_rad >= 0 && phase_rad < turn + heater_margin_rad) return phase_rad;
  return phase_rad - turn * std::floor(phase_rad / turn);
}

double heater_phase(const HeaterCard& card, double voltage_V) {
  const double square = voltage_V * voltage_V;
  return gamma_per_V2(card) * square + gamma2_per_V4(card) * square * square;
}

DrivenVoltage heater_voltage(const HeaterCard& card, double phase_rad) {
  const double gamma = gamma_per_V2(card), gamma2 = gamma2_per_V4(card);
  // phi = gamma x + gamma2 x^2 for x = V^2, by the form of the root that does not cancel.
  const double root = gamma * gamma + 4 * gamma2 * phase_rad;
  const double square =
      root < 0 ? -gamma / (2 * gamma2) : 2 * phase_rad / (gamma + std::sqrt(root));
  const double limit = card.max_voltage_V * card.max_voltage_V;
  return {std::sqrt(std::clamp(square, 0.0, limit)), root < 0 || square > limit || phase_rad < 0};
}

double coded_voltage(const HeaterCard& card, double voltage_V) {
  if (card.voltage_bits == 0) return voltage_V;
  const double step = card.max_voltage_V / (std::exp2(card.voltage_bits) - 1);
  return std::min(card.max_voltage_V, step * std::round(voltage_V / step));
}

}  // namespace lightloom::photonic
