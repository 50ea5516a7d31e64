#pragma once

#include <string>

#include "calibration/measurements.hpp"
#include "core/tree.hpp"

namespace lightloom::calibration {

/// Writes measurements as labelled HDF5 (docs/calibration.md, "Format"): axes setting, heater,
/// input, port, and sweep, point where there are sweeps; variables voltage, field_re, field_im,
/// power, monitor, sweep_*; the noise model and notes as attributes.
void write_measurements(const std::string& path, const Measurements& data);

/// Reads what `write_measurements` wrote, or CSV when the name ends in .csv: a first line
/// `setting,input,v0,...,p0,...`, one line per setting and lit port, `# name = value` lines for
/// noise_thermal, noise_shot, noise_relative and notes. Throws `Error` naming line or variable.
Measurements read_measurements(const std::string& path);
Measurements parse_measurements_csv(const std::string& text, const std::string& origin);

/// The fitted chip as a card: parameters and standard deviations by kind, and its shape.
Tree device_card(const ChipShape& shape, std::span<const double> parameters,
                 std::span<const double> sigma);
/// The parameters of such a card. Throws `Error` for a card of another shape.
std::vector<double> parameters_of_card(const ChipShape& shape, const Tree& card);

}  // namespace lightloom::calibration
