#pragma once

#include <string>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// Writes measurements as labelled HDF5 (docs/use/calibration.md, "Format"): axes setting, heater,
/// input, port, and sweep, point where there are sweeps; variables voltage, field_re, field_im,
/// power, monitor, sweep_*; the noise model and notes as attributes. As CSV when the name ends in
/// .csv.
void write_measurements(const std::string& path, const Measurements& data);

/// Reads what `write_measurements` wrote, or what a script wrote in the same formats. Throws
/// `Error` naming line or variable.
Measurements read_measurements(const std::string& path);

}  // namespace lightloom::calibration
