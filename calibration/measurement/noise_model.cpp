#include "calibration/measurement/noise_model.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {

double NoiseModel::sigma(double reading) const {
  const double y = std::max(reading, 0.0);
  return std::sqrt(thermal * thermal + shot * y + relative * relative * y * y);
}

void describe(Section& section, NoiseModel& noise) {
  section.value("thermal", noise.thermal, positive);
  section.value("shot", noise.shot, not_negative);
  section.value("relative", noise.relative, not_negative);
}

}  // namespace lightloom::calibration
