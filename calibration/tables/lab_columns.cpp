#include "calibration/tables/lab_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::calibration {
namespace {

bool measures(const ColumnRole& role, Quantity quantity) {
  return std::find(role.quantities.begin(), role.quantities.end(), quantity) !=
         role.quantities.end();
}

/// 0: cannot be; the documented name is best, then a name with the right unit, a name, a unit.
int fitness(const LabColumn& column, const ColumnRole& role) {
  const std::string name = small_letters(column.name);
  if (name.empty() && column.unit.empty()) return 0;
  if (name == role.names[0]) return 100;
  for (const std::string& word : role.never)
    if (name.find(word) != std::string::npos) return 0;
  const std::optional<LabUnit> unit = column.unit.empty() ? std::nullopt : lab_unit(column.unit);
  if (unit && !measures(role, unit->quantity)) return 0;
  int points = 0;
  for (const std::string& word : role.names) {
    const bool brief = word.size() < 3;  // as a whole, not in a word
    if (brief ? name == word : name.find(word) != std::string::npos) points = std::max(points, 3);
  }
  if (points == 0 && role.by_name_only) return 0;
  if (unit && unit->quantity == role.quantities.front()) points += 2;
  if (unit && points == 0 && role.quantities.size() > 1 && unit->quantity == role.quantities[1])
    points = 2;
  return points;
}

/// Numbers that programs write where they have none: -9999, 999.99, 1e30.
bool may_be_marker(double value) {
  if (std::abs(value) >= 1e29) return true;
  const std::string digits = fmt::format("{:.10g}", std::abs(value));
  return std::abs(value) >= 99 && digits.find_first_not_of("9.") == std::string::npos;
}

/// Takes markers for readings that are none: of one value, and ten times as far from all others as
/// those are from one another. Gives the value, NaN where there is none.
double take_markers(std::vector<double>& values) {
  std::vector<double> others;
  double marker = NAN;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    if (!may_be_marker(value) || (std::isfinite(marker) && value != marker))
      others.push_back(value);
    else
      marker = value;
  }
  if (!std::isfinite(marker) || others.size() < 3) return NAN;
  const auto [low, high] = std::minmax_element(others.begin(), others.end());
  const double away = marker < *low ? *low - marker : marker - *high;
  if (!(away > 10 * (*high - *low))) return NAN;
  for (double& value : values)
    if (value == marker) value = NAN;
  return marker;
}

/// Names that say nothing: x, y, A, B, Var1, column 2, 0, 1.
bool is_generic(const LabColumn& column) {
  if (!column.unit.empty()) return false;
  std::string name = small_letters(column.name);
  for (const char* start : {"column", "col", "var", "field", "unnamed:"})
    if (name.starts_with(start)) name.erase(0, std::string(start).size());
  name.erase(0, name.find_first_not_of(" _"));
  return name.empty() || name.find_first_not_of("0123456789") == std::string::npos || name == "x" ||
         name == "y" || name == "a" || name == "b" || name == "c";
}

bool all_generic(const LabTable& table) {
  return std::all_of(table.columns.begin(), table.columns.end(), is_generic);
}

/// Whether a column holds one number all along, as the voltage of a heater that stands still.
bool is_constant(const LabColumn& column) {
  double first = NAN;
  for (const double value : column.values) {
    if (!std::isfinite(value)) continue;
    if (std::isfinite(first) && value != first) return false;
    first = value;
  }
  return true;
}

/// Without names: the first column that is no index is x, the next is y.
int column_by_place(const LabTable& table, int taken) {
  std::vector<int> data;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (table.columns.size() < 3 || c > 0 || !is_index(table.columns[c]))
      data.push_back(static_cast<int>(c));
  if (data.size() != 2) return -1;
  return data[0] == taken ? data[1] : data[0];
}

}  // namespace

bool is_index(const LabColumn& column) {
  const std::string name = small_letters(column.name);
  if (!name.empty() && name != "index" && name != "#" && name != "n" && name != "no" &&
      name != "point" && name != "id" && name.find("unnamed") == std::string::npos)
    return false;
  for (std::size_t i = 1; i < column.values.size(); ++i)
    if (column.values[i] - column.values[i - 1] != 1) return false;
  return column.values.size() > 1 && (column.values[0] == 0 || column.values[0] == 1);
}

std::string described(const LabTable& table) {
  if (!table.named) return fmt::format("{} columns without names", table.columns.size());
  std::vector<std::string> names;
  for (const LabColumn& one : table.columns)
    names.push_back(one.name.empty() ? "(no name)" : one.name);
  return fmt::format("the columns {}", fmt::join(names, ", "));
}

int asked_column(const LabTable& table, const std::string& asked) {
  int number = 0;
  const bool counted = !asked.empty() && asked.size() < 5 &&
                       asked.find_first_not_of("0123456789") == std::string::npos;
  if (counted) number = std::stoi(asked);
  if (number >= 1 && number <= static_cast<int>(table.columns.size())) return number - 1;
  for (const bool whole : {true, false}) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const std::string name = small_letters(table.columns[c].name), want = small_letters(asked);
      if (whole ? name == want : name.find(want) != std::string::npos) return static_cast<int>(c);
    }
  }
  throw Error(fmt::format("{}: no column '{}' (it has {}; name one or give its number)",
                          table.origin, asked, described(table)));
}

int find_column(const LabTable& table, const ColumnWish& wish, std::vector<std::string>& notes) {
  if (!wish.asked.empty()) return asked_column(table, wish.asked);
  const ColumnRole& role = wish.role;
  int best = -1, points = 0;
  std::vector<std::string> others;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (static_cast<int>(c) == wish.taken) continue;
    const int fit = fitness(table.columns[c], role);
    const bool moves = best >= 0 && fit == points &&
                       is_constant(table.columns[static_cast<std::size_t>(best)]) &&
                       !is_constant(table.columns[c]);
    if (fit > points || moves) {
      best = static_cast<int>(c);
      points = fit;
      others.clear();
    } else if (fit > 0 && fit == points) {
      others.push_back(table.columns[c].name);
    }
  }
  if (best < 0 && (!table.named || all_generic(table))) return column_by_place(table, wish.taken);
  if (!others.empty() && table.columns[static_cast<std::size_t>(best)].name != others.front())
    notes.push_back(fmt::format("{} is taken from '{}' (there is {} too)", role.what,
                                table.columns[static_cast<std::size_t>(best)].name,
                                fmt::join(others, ", ")));
  return best;
}

void refuse_missing(const LabTable& table, const ColumnRole& role) {
  throw Error(
      fmt::format("{}: no column is {} (no column '{}'; it has {}): name it with --x or --y, "
                  "or rename it",
                  table.origin, role.what, role.names[0], described(table)));
}

void note_unknown_unit(const LabColumn& column, std::vector<std::string>& notes) {
  if (!column.unit.empty() || column.name.size() < 3) return;
  const char close = column.name.back();
  const std::size_t from = column.name.find_last_of("[(");
  if ((close != ']' && close != ')') || from == std::string::npos || from == 0) return;
  const std::string unit = column.name.substr(from + 1, column.name.size() - from - 2);
  if (unit.empty() || unit.size() > 6 || unit.find(' ') != std::string::npos) return;
  notes.push_back(fmt::format(
      "'{}' of column '{}' is no unit that is known here: its numbers are taken as they stand",
      unit, column.name));
}

std::string rows_left_out(const LabTable& table, const std::vector<int>& left) {
  const std::size_t shown = std::min<std::size_t>(left.size(), 5);
  return fmt::format(
      "{} of {} {} hold no reading and are left out ({} {}{})", left.size(),
      table.columns.front().values.size(), table.transposed ? "places" : "rows",
      table.transposed ? "place" : "line",
      fmt::join(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
      left.size() > shown ? ", ..." : "");
}

LabSweep lab_sweep(const LabTable& table, int x, int y, std::vector<std::string>& notes) {
  const LabColumn &across = table.columns[static_cast<std::size_t>(x)],
                  &up = table.columns[static_cast<std::size_t>(y)];
  LabSweep sweep;
  sweep.x_column = {.name = across.name, .unit = across.unit, .values = {}};
  sweep.y_column = {.name = up.name, .unit = up.unit, .values = {}};
  note_unknown_unit(across, notes);
  std::vector<double> readings = up.values;
  if (const double marker = take_markers(readings); std::isfinite(marker))
    notes.push_back(
        fmt::format("readings of {:.10g} lie far from all others and are taken as none", marker));
  std::vector<int> left;
  for (std::size_t i = 0; i < across.values.size(); ++i) {
    if (!std::isfinite(across.values[i]) || !std::isfinite(readings[i])) {
      left.push_back(table.transposed ? static_cast<int>(i) + 1 : table.lines[i]);
      continue;
    }
    sweep.x.push_back(across.values[i]);
    sweep.y.push_back(readings[i]);
    sweep.lines.push_back(table.lines[i]);
  }
  require(!sweep.x.empty(), "{}: no row has both {} and {}", table.origin,
          across.name.empty() ? "a first" : "'" + across.name + "'",
          up.name.empty() ? "a second number" : "'" + up.name + "'");
  if (!left.empty()) notes.push_back(rows_left_out(table, left));
  return sweep;
}

void convert_units(const ColumnRole& role, LabColumn& column, const std::string& asked,
                   std::vector<double>& values) {
  const std::string symbol = asked.empty() ? column.unit : asked;
  if (symbol.empty()) return;
  const LabUnit unit = known_unit(symbol);
  require(measures(role, unit.quantity), "{} cannot be in {} (column '{}')", role.what, symbol,
          column.name);
  for (double& value : values) value *= unit.factor;
  column.unit = symbol;
}

}  // namespace lightloom::calibration
