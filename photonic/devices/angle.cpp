#include "photonic/devices/angle.hpp"

#include <cmath>
#include <numbers>

namespace lightloom::photonic {

double wrap_phase(double angle_rad) {
  const double wrapped = std::remainder(angle_rad, 2 * std::numbers::pi);
  return wrapped <= -std::numbers::pi ? std::numbers::pi : wrapped;
}

double held_phase(double phase_rad) {
  constexpr double turn = 2 * std::numbers::pi;
  if (phase_rad >= 0 && phase_rad < turn + heater_margin_rad) return phase_rad;
  return phase_rad - turn * std::floor(phase_rad / turn);
}

}  // namespace lightloom::photonic
