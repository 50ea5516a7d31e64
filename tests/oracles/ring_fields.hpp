#pragma once

#include <cmath>
#include <complex>
#include <numbers>
#include <span>
#include <vector>

#include "photonic/devices/ring.hpp"

namespace lightloom::oracle {

/// What reaches the two diodes of a bus, as shares of the power of each line.
struct BusLight {
  std::vector<double> through, drop;  // (wavelength)
};

/// A bus of add-drop rings by complex fields, slow and plain: light of line k passes ring after
/// ring; what a ring takes goes to the drop diode and does not interfere with what others take.
/// `rings` have their own couplings and losses, `phases` are from their own lines, `channels` lines
/// share a free spectral range.
inline BusLight bus_light(std::span<const photonic::Ring> rings, std::span<const double> phases,
                          int channels) {
  BusLight light{std::vector<double>(phases.size()), std::vector<double>(phases.size(), 0.0)};
  for (std::size_t k = 0; k < phases.size(); ++k) {
    std::complex<double> field = 1;
    for (std::size_t j = 0; j < phases.size(); ++j) {
      const auto& [t1, t2, a] = rings[j];
      const double lines = static_cast<double>(k) - static_cast<double>(j);
      const double phase = phases[j] + 2 * std::numbers::pi * lines / channels;
      // Half a turn takes the light from the bus to the drop guide, a whole one back to the bus.
      const std::complex<double> half = std::polar(std::sqrt(a), phase / 2), turn = half * half;
      const std::complex<double> inside = 1.0 / (1.0 - t1 * t2 * turn);
      const double kappa = std::sqrt((1 - t1 * t1) * (1 - t2 * t2));
      light.drop[k] += std::norm(-kappa * half * inside * field);
      field *= (t1 - t2 * turn) * inside;
    }
    light.through[k] = std::norm(field);
  }
  return light;
}

/// drop - through of equal rings.
inline std::vector<double> bus_weights(const photonic::Ring& ring, std::span<const double> phases,
                                       int channels) {
  const std::vector<photonic::Ring> rings(phases.size(), ring);
  const BusLight light = bus_light(rings, phases, channels);
  std::vector<double> weights(phases.size());
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = light.drop[k] - light.through[k];
  return weights;
}

}  // namespace lightloom::oracle
