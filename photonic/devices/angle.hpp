#pragma once

namespace lightloom::photonic {

/// `angle` moved into (-pi, pi].
double wrap_phase(double angle_rad);

/// Heaters hold phases in [0, 2 pi + margin): the margin lets compensated crosstalk pass a full
/// turn without a jump that would change the heat on all neighbours.
inline constexpr double heater_margin_rad = 1;
/// `phase_rad` if a heater holds it as it is, else brought into [0, 2 pi).
double held_phase(double phase_rad);

}  // namespace lightloom::photonic
