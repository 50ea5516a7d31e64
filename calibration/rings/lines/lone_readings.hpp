#pragma once

#include <span>
#include <vector>

#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {

/// A sweep in which readings that stand alone are the middle of their neighbours.
struct CalmSweep {
  std::vector<double> power;
  std::vector<std::size_t> lone;  // which those are
};

/// Readings stand alone where they are far outside the noise and two to either side show nothing of
/// it: a line shows in its neighbours.
CalmSweep without_lone_readings(std::span<const double> power, const SpectrumNoise& noise);

}  // namespace lightloom::calibration
