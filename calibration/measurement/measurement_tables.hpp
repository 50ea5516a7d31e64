#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "calibration/measurement/measurement_columns.hpp"
#include "calibration/measurement/noise_model.hpp"

namespace lightloom::calibration {

/// One row of a table and where it stands.
struct MeasurementRow {
  int line = 0;  // of the file, from 1
  std::vector<double> values;
};

/// A table of settings or of sweeps: rows in the order of the file, columns under our own names,
/// voltages in V, powers in shares of the light that is sent in.
struct MeasurementTable {
  std::vector<MeasurementColumn> columns;
  std::vector<MeasurementRow> rows;
  std::size_t heaters = 0, powers = 0;
  bool monitor = false;
  [[nodiscard]] bool there() const { return !columns.empty(); }
};

/// What a file of measurements holds, as it stands there.
struct MeasurementTables {
  MeasurementTable settings, sweeps;
  NoiseModel noise;
  std::map<std::string, std::string> notes;
};

/// Reads `# name = value` lines and both tables from comma-separated text. Throws `Error` that
/// names `origin` and the line.
MeasurementTables read_measurement_tables(std::string_view text, const std::string& origin);

}  // namespace lightloom::calibration
