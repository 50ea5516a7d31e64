#pragma once

#include <string>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// CSV with two tables, each begun by its header, and `# name = value` lines for noise_thermal,
/// noise_shot, noise_relative and notes:
///     setting,input[,monitor],v0,...,p0,...       a line per setting and lit port
///     sweep,heater,input,output,volts,power,v0,...   a line per point of a sweep
/// Light enters one port at a time; every setting lists all ports in order.
Measurements parse_measurements_csv(const std::string& text, const std::string& origin);
std::string measurements_csv(const Measurements& data);

}  // namespace lightloom::calibration
