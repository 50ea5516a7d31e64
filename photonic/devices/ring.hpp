#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// An add-drop microring between a bus and a drop guide.
struct Ring {
  double self_coupling_in = 0.95;    // t1: amplitude that stays in the bus per pass
  double self_coupling_drop = 0.95;  // t2
  double turn_amplitude = 0.999;     // a: amplitude kept in one turn

  /// Round-trip amplitude without resonance, t1 t2 a.
  [[nodiscard]] double feedback() const {
    return self_coupling_in * self_coupling_drop * turn_amplitude;
  }
};

struct RingPower {
  double through = 1;
  double drop = 0;
};

/// Power to both outputs at round-trip phase `phase_rad` from resonance:
/// through = |(t1 - t2 a e^{i phi}) / (1 - t1 t2 a e^{i phi})|^2, drop = k1^2 k2^2 a / |1 - t1 t2 a
/// e^{i phi}|^2.
RingPower ring_power(const Ring& ring, double phase_rad);
/// drop - through: what a balanced pair reads.
double ring_weight(const Ring& ring, double phase_rad);
/// The phase in [0, pi] at which `ring_weight` is `weight`; clipped to the range the ring has.
double ring_phase_for(const Ring& ring, double weight);
/// Free spectral range over full width at half maximum.
double ring_finesse(const Ring& ring);
/// Loaded quality factor pi n_g L sqrt(t1 t2 a) / (lambda (1 - t1 t2 a)).
double ring_quality(const Ring& ring, double group_index, double circumference_um,
                    double wavelength_nm);
/// lambda^2 / (n_g L) in nm.
double ring_fsr_nm(double group_index, double circumference_um, double wavelength_nm);

}  // namespace lightloom::photonic
