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

/// CSV with two tables, each begun by its header, and `# name = value` lines for noise_thermal,
/// noise_shot, noise_relative and notes:
///     setting,input[,monitor],v0,...,p0,...       a line per setting and lit port
///     sweep,heater,input,output,volts,power,v0,...   a line per point of a sweep
/// Light enters one port at a time; every setting lists all ports in order.
Measurements parse_measurements_csv(const std::string& text, const std::string& origin);
std::string measurements_csv(const Measurements& data);

}  // namespace lightloom::calibration
