#pragma once

#include <cmath>
#include <numbers>

namespace lightloom {

/// Labels for interfaces; no arithmetic. Inside a kernel a plain double with a suffix (`theta_rad`)
/// is used.
struct Radians {
  double value = 0;
  friend bool operator==(const Radians&, const Radians&) = default;
};
struct Decibels {
  double value = 0;
  friend bool operator==(const Decibels&, const Decibels&) = default;
};
struct Kelvin {
  double value = 0;
  friend bool operator==(const Kelvin&, const Kelvin&) = default;
};
struct Nanometers {
  double value = 0;
  friend bool operator==(const Nanometers&, const Nanometers&) = default;
};

/// CODATA 2018, exact.
namespace constant {
inline constexpr double elementary_charge_C = 1.602176634e-19;
inline constexpr double boltzmann_J_per_K = 1.380649e-23;
inline constexpr double planck_J_s = 6.62607015e-34;
inline constexpr double light_speed_m_per_s = 299792458.0;
}  // namespace constant

/// Power ratio of a level in dB, 10^(dB/10).
inline double power_ratio(Decibels level) { return std::pow(10.0, level.value / 10.0); }

}  // namespace lightloom
