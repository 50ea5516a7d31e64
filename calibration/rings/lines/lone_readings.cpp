#include "calibration/rings/lines/lone_readings.hpp"

#include <cmath>

namespace lightloom::calibration {

CalmSweep without_lone_readings(std::span<const double> power, const SpectrumNoise& noise) {
  CalmSweep calm{.power = {power.begin(), power.end()}, .lone = {}};
  for (std::size_t i = 2; i + 2 < power.size(); ++i) {
    const double middle = 0.5 * (power[i - 1] + power[i + 1]),
                 outside = 0.5 * (power[i - 2] + power[i + 2]), off = std::abs(power[i] - middle);
    const double least = 15 * noise.sigma(middle);
    if (off <= least || off <= 6 * std::abs(middle - outside)) continue;
    calm.power[i] = middle;
    calm.lone.push_back(i);
  }
  return calm;
}

}  // namespace lightloom::calibration
