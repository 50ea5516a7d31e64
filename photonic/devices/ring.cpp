#include "photonic/devices/ring.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::photonic {

RingPower ring_power(const Ring& ring, double phase_rad) {
  const double t1 = ring.self_coupling_in, t2a = ring.self_coupling_drop * ring.turn_amplitude;
  const double g = ring.feedback(), c = std::cos(phase_rad);
  const double below = 1 + g * g - 2 * g * c;
  const double k1 = 1 - t1 * t1, k2 = 1 - ring.self_coupling_drop * ring.self_coupling_drop;
  return {.through = (t1 * t1 + t2a * t2a - 2 * g * c) / below,
          .drop = k1 * k2 * ring.turn_amplitude / below};
}

double ring_weight(const Ring& ring, double phase_rad) {
  const RingPower power = ring_power(ring, phase_rad);
  return power.drop - power.through;
}

double ring_phase_for(const Ring& ring, double weight) {
  const double t1 = ring.self_coupling_in, t2a = ring.self_coupling_drop * ring.turn_amplitude;
  const double g = ring.feedback();
  const double k1 = 1 - t1 * t1, k2 = 1 - ring.self_coupling_drop * ring.self_coupling_drop;
  const double sum = t1 * t1 + t2a * t2a - k1 * k2 * ring.turn_amplitude;
  // weight (1 + g^2 - 2 g c) = -sum + 2 g c, solved for c = cos(phase).
  const double c = (weight * (1 + g * g) + sum) / (2 * g * (1 + weight));
  return weight <= -1 ? std::numbers::pi : std::acos(std::clamp(c, -1.0, 1.0));
}

double ring_finesse(const Ring& ring) {
  // Half maximum where 1 + g^2 - 2 g cos = 2 (1 - g)^2.
  const double g = ring.feedback();
  const double half = 2 * std::asin((1 - g) / (2 * std::sqrt(g)));
  return std::numbers::pi / half;
}

double ring_quality(const Ring& ring, double group_index, double circumference_um,
                    double wavelength_nm) {
  const double g = ring.feedback();
  return std::numbers::pi * group_index * circumference_um * 1e3 * std::sqrt(g) /
         (wavelength_nm * (1 - g));
}

double ring_fsr_nm(double group_index, double circumference_um, double wavelength_nm) {
  return wavelength_nm * wavelength_nm / (group_index * circumference_um * 1e3);
}

}  // namespace lightloom::photonic
