#pragma once

#include <string>
#include <vector>

#include "calibration/tables/lab_table.hpp"
#include "calibration/tables/lab_units.hpp"

namespace lightloom::calibration {

/// What a column must be to play a part: documented name first, then words that name it in
/// laboratories, words that rule it out, and the quantities that its unit may measure.
struct ColumnRole {
  std::string what;                // "the wavelength"
  std::vector<std::string> names;  // the documented one first, all in lower case
  std::vector<std::string> never;
  std::vector<Quantity> quantities;
  bool by_name_only = false;  // a fitting unit alone says nothing
};

ColumnRole wavelength_role();
ColumnRole frequency_role();
ColumnRole voltage_role();
ColumnRole heater_current_role();
ColumnRole heater_power_role();  // electrical
ColumnRole light_role();         // optical power, transmission, photocurrent
ColumnRole time_role();
ColumnRole value_role();

/// Which column is looked for.
struct ColumnWish {
  ColumnRole role;
  std::string asked = {};  // a name, or a number from 1, goes before all; "": none
  int taken = -1;          // a column that plays another part, or -1
};

/// The column of `table` that fits best, or -1. Throws `Error` where no column is so called. Others
/// that fit as well are named in `notes`.
int find_column(const LabTable& table, const ColumnWish& wish, std::vector<std::string>& notes);

/// Throws `Error` that says which part no column plays, and which columns there are.
[[noreturn]] void refuse_missing(const LabTable& table, const ColumnRole& role);

/// Whether a column counts the rows, 0, 1, 2 ... or 1, 2, 3 ...: no reading.
bool is_index(const LabColumn& column);

/// The columns of a table in words.
std::string described(const LabTable& table);

/// The column called `asked`, or of that number from 1. Throws `Error` where there is none.
int asked_column(const LabTable& table, const std::string& asked);

/// Says where a column's name ends in brackets that may hold a unit, but none that is known.
void note_unknown_unit(const LabColumn& column, std::vector<std::string>& notes);

/// The note on rows without a reading: `left` are their lines, or places of a transposed table.
std::string rows_left_out(const LabTable& table, const std::vector<int>& left);

/// Two columns of a table without the rows in which either has no reading.
struct LabSweep {
  std::vector<double> x, y;      // as in the file
  std::vector<int> lines;        // of each row
  LabColumn x_column, y_column;  // names and units only
};

/// Rows left out are named in `notes` with their lines, markers for no reading (-9999) and units
/// that are not known too. Throws `Error` where none is left.
LabSweep lab_sweep(const LabTable& table, int x, int y, std::vector<std::string>& notes);

/// Multiplies by the factor of the unit of `column` (V, mA, mW, nm, THz, s); `asked`: a unit given
/// by the user instead. Throws `Error` for a unit of another quantity than those of `role`.
void convert_units(const ColumnRole& role, LabColumn& column, const std::string& asked,
                   std::vector<double>& values);

}  // namespace lightloom::calibration
