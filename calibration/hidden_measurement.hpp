#pragma once

#include "calibration/calibration_card.hpp"
#include "calibration/laboratory/heater_sweeps.hpp"

namespace lightloom::calibration {

/// What a laboratory takes of a chip before it fits.
struct LaboratoryRun {
  Measurements data;
  std::vector<std::string> problems;  // of the sweeps
  std::int64_t settings_made = 0;     // those of the sweeps' preparation included
};

/// Sweeps every heater of a virtual chip if its card says so, then takes its random settings with
/// every port lit in turn. A pure function of the chip's seed.
LaboratoryRun measure_in_laboratory(const HiddenChip& hidden);

}  // namespace lightloom::calibration
