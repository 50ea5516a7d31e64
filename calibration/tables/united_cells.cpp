#include "calibration/tables/united_cells.hpp"

#include "calibration/tables/lab_units.hpp"

namespace lightloom::calibration {
namespace {

/// A number and the unit behind it, as texts.
struct UnitedCell {
  std::string number, unit;
};

/// Both are "" for anything but a number with a known unit or none.
UnitedCell taken_apart(const std::string& cell, char delimiter) {
  const std::size_t last = cell.find_last_of("0123456789.");
  if (last == std::string::npos) return {};
  UnitedCell united{cell.substr(0, last + 1), cell.substr(last + 1)};
  const std::size_t letter = united.unit.find_first_not_of(' ');
  united.unit.erase(0, letter);
  const bool number =
      lab_number(united.number, {delimiter, false}) || lab_number(united.number, {delimiter, true});
  return number && (united.unit.empty() || lab_unit(united.unit)) ? united : UnitedCell{};
}

void add_cell(const std::string& cell, char delimiter, std::string& line) {
  if (!line.empty()) line += delimiter;
  line += cell.empty() ? "-" : cell;
}

/// A line as two: its units and its numbers; "" where it is no such line.
struct UnitedLine {
  std::string units, numbers;
};

UnitedLine taken_apart(const LabLine& line, char delimiter) {
  UnitedLine apart;
  bool any = false;
  const std::vector<std::string> cells = lab_cells(line.text, {delimiter, false});
  for (const std::string& cell : cells) {
    const UnitedCell united = taken_apart(cell, delimiter);
    if (united.number.empty()) return {};
    any = any || !united.unit.empty();
    add_cell(united.unit, delimiter, apart.units);
    add_cell(united.number, delimiter, apart.numbers);
  }
  return any && cells.size() > 1 ? apart : UnitedLine{};
}

}  // namespace

std::vector<LabLine> without_cell_units(const std::vector<LabLine>& lines) {
  for (const char delimiter : {'\t', ';', '|', ','}) {
    std::vector<LabLine> plain;
    std::string units;
    std::size_t changed = 0;
    for (const LabLine& line : lines) {
      const UnitedLine apart = taken_apart(line, delimiter);
      if (apart.units.empty() || (!units.empty() && apart.units != units)) {
        plain.push_back(line);
        continue;
      }
      if (units.empty()) plain.push_back({line.number, apart.units});
      units = apart.units;
      plain.push_back({line.number, apart.numbers});
      ++changed;
    }
    if (changed > 1) return plain;
  }
  return lines;
}

}  // namespace lightloom::calibration
