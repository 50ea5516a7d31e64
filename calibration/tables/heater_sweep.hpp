#pragma once

#include <string>
#include <vector>

#include "calibration/tables/lab_table.hpp"

namespace lightloom::calibration {

/// Over what the phase is fitted: it goes with V^2, I^2 or the electrical power.
enum class Drive { automatic, voltage, current, power };

/// Which columns and units to take; "" each: from names, units and values.
struct HeaterColumns {
  Drive over = Drive::automatic;
  std::string x, y, x_unit, y_unit;
};

/// A heater swept alone, in the order of measurement.
struct HeaterSweep {
  Drive over = Drive::voltage;
  std::vector<double> drive;     // V, mA or mW
  std::vector<double> readings;  // linear where that is sure
  bool decibels = false;         // the file holds dB or dBm (converted)
  bool unsure = false;           // signs alone do not tell decibels from signed readings
  std::vector<int> lines;        // of each reading
  std::vector<std::string> notes;
};

/// The columns of a sweep, in V (mA, mW) and linear power. Electrical power comes from its own
/// column or from voltage times current. Throws `Error` where columns are missing or a heater would
/// take more than 400 V (millivolts called volts?).
HeaterSweep heater_sweep_from(const LabTable& table, const HeaterColumns& columns);

}  // namespace lightloom::calibration
