#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lightloom::calibration {

/// One column of a table of measurements: its name as our own files have it, and how its numbers
/// become volts, or milliwatts or milliamperes of photocurrent.
struct MeasurementColumn {
  enum class Scale { plain, linear, dBm, current };
  std::string name;  // setting, sweep, input, output, heater, volts, power, monitor, v0, p0, ...
  std::string unit;  // as the file has it; "" where it says none
  Scale scale = Scale::plain;
  double factor = 1;      // linear: to V, or to mW; current: to mA
  bool is_power = false;  // p0, p1, ... and power
  bool is_volts = false;  // v0, v1, ... and volts

  /// A number of the file in V, mW or mA; as it stands without a unit.
  [[nodiscard]] double read(double value) const;
};

/// The columns that a header names, in any usual spelling: shifter, in, out, V, P, det0, "V0 [mV]",
/// "p1 (dBm)", "pd2 [uA]". A name of none of these stays as it is. Throws `Error` for a unit that
/// does not fit.
std::vector<MeasurementColumn> measurement_columns(const std::vector<std::string_view>& header);

}  // namespace lightloom::calibration
