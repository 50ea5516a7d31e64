#pragma once

#include <vector>

#include "calibration/measurement/measurements.hpp"
#include "calibration/model/device_card.hpp"
#include "calibration/solvers/least_squares.hpp"

namespace lightloom::calibration {

/// What may have moved since a calibration.
struct DriftBelief {
  double phase_sigma_rad = 0.1;  // of every heater's phi_0
  double power_sigma = 0.02;     // relative, of every input coupling and detector gain
};

struct Tracked {
  std::vector<double> parameters, sigma;
  LeastSquaresSummary summary;
  double before = 0, after = 0;  // RMS of the readings over their noise, by the old and new card
};

/// Follows a chip that drifted: from an earlier calibration, only phi_0 and the ports' gains are
/// fitted again, each believed to be where it was within its sigma and the drift. Few settings
/// suffice, because what they leave open the earlier calibration holds. Correlations of the earlier
/// fit are left out. Throws `Error` for data that must not be fitted; few settings are no reason
/// here.
Tracked track(const DeviceFile& before, const Measurements& data, const DriftBelief& belief = {});

}  // namespace lightloom::calibration
