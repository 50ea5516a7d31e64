#pragma once

#include <string>
#include <vector>

#include "calibration/tables/lab_table.hpp"

namespace lightloom::calibration {

/// Converts values to the unit that we compute in: V, mA, mW (of dBm too), nm, THz, s, rad, pJ;
/// dB stays. Gives its symbol; "" for numbers without a unit, percent among them. Throws `Error`
/// for a symbol that is no unit we know.
std::string to_own_units(const std::string& symbol, std::vector<double>& values);

/// Which columns and units of a line; "" each: the two that there are, with the units of the file.
struct LineColumns {
  std::string x, y, x_unit, y_unit;
};

/// Two columns in our own units, without the rows in which either has no reading.
struct LineTable {
  LabColumn x, y;
  std::vector<std::string> notes;
};

/// A detector, converter or ring over its input. Numbers that count the rows, in front, are no
/// column. Throws `Error` where there are more than two and none is named.
LineTable line_table(const LabTable& table, const LineColumns& columns);

/// Counted events, times among them, and what they add up to, without rows that lack one of them.
struct EnergyTable {
  std::vector<LabColumn> counts;
  LabColumn target;
  std::vector<std::string> notes;
};

/// The column `target` ("": the last), energies in pJ, and all others. Where energies have a unit,
/// times become ns, so that their coefficients are mW; other columns stay as they are, since their
/// names are those of coefficients. Throws `Error` where columns have no names, or none is
/// `target`.
EnergyTable energy_table(const LabTable& table, const std::string& target);

}  // namespace lightloom::calibration
