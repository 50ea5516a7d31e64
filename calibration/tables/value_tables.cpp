#include "calibration/tables/value_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "calibration/tables/lab_columns.hpp"
#include "calibration/tables/lab_units.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// mW of a level in decibels above `reference_mW`.
void from_level(double reference_mW, std::vector<double>& values) {
  for (double& value : values) value = reference_mW * std::pow(10.0, value / 10);
}

bool is_called(const std::string& symbol, std::string_view name) {
  return std::equal(symbol.begin(), symbol.end(), name.begin(), name.end(), [](char a, char b) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
    return low(a) == low(b);
  });
}

/// The columns but numbers of rows in front.
std::vector<int> data_columns(const LabTable& table) {
  std::vector<int> data;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (c > 0 || table.columns.size() < 3 || !is_index(table.columns[c]))
      data.push_back(static_cast<int>(c));
  return data;
}

/// The column that is asked for, else the one of two that is not `other`.
int line_column(const LabTable& table, const std::string& asked, int other) {
  if (!asked.empty()) return asked_column(table, asked);
  const std::vector<int> data = data_columns(table);
  require(data.size() == 2,
          "{}: {} columns, a line has two (x, y): name them with --x and --y (the file has {})",
          table.origin, data.size(), described(table));
  return data[0] == other ? data[1] : data[0];
}

std::vector<std::string> names_of(const LabTable& table) {
  std::vector<std::string> names;
  for (const LabColumn& one : table.columns) names.push_back(one.name);
  return names;
}

void take_out_rows(const std::vector<bool>& lacking, std::vector<double>& values) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!lacking[i]) values[to++] = values[i];
  values.resize(to);
}

/// Takes out rows without a reading in one of the columns.
void take_complete_rows(const LabTable& table, EnergyTable& energies) {
  std::vector<LabColumn*> all{&energies.target};
  for (LabColumn& one : energies.counts) all.push_back(&one);
  std::vector<bool> lacking(energies.target.values.size());
  std::vector<int> left;
  for (std::size_t i = 0; i < lacking.size(); ++i) {
    lacking[i] = std::any_of(all.begin(), all.end(), [&](const LabColumn* column) {
      return !std::isfinite(column->values[i]);
    });
    if (lacking[i]) left.push_back(table.transposed ? static_cast<int>(i) + 1 : table.lines[i]);
  }
  require(left.size() < lacking.size(), "{}: no row has all its readings", table.origin);
  for (LabColumn* column : all) take_out_rows(lacking, column->values);
  if (!left.empty()) energies.notes.push_back(rows_left_out(table, left));
}

void convert_energies(EnergyTable& energies) {
  const auto unit = lab_unit(energies.target.unit);
  if (energies.target.unit.empty() || !unit) return;
  energies.target.unit = to_own_units(energies.target.unit, energies.target.values);
  if (unit->quantity != Quantity::energy) return;
  constexpr double ns_per_s = 1e9;
  for (LabColumn& one : energies.counts) {
    const auto known = one.unit.empty() ? std::nullopt : lab_unit(one.unit);
    if (!known || known->quantity != Quantity::time) continue;
    for (double& value : one.values) value *= known->factor * ns_per_s;
    one.unit = "ns";
  }
}

}  // namespace

std::string to_own_units(const std::string& symbol, std::vector<double>& values) {
  if (symbol.empty()) return "";
  const LabUnit unit = known_unit(symbol);
  if (unit.quantity == Quantity::decibel) {
    constexpr double mW_of_uW = 1e-3;
    if (is_called(symbol, "dB")) return "dB";
    from_level(is_called(symbol, "dBuW") ? mW_of_uW : 1, values);
    return "mW";
  }
  for (double& value : values) value *= unit.factor;
  return std::string(own_unit(unit.quantity));
}

LineTable line_table(const LabTable& table, const LineColumns& columns) {
  LineTable line{.x = {}, .y = {}, .notes = table.notes};
  const int given = columns.y.empty() ? -1 : asked_column(table, columns.y);
  const int x = line_column(table, columns.x, given);
  const int y = given < 0 ? line_column(table, "", x) : given;
  require(x != y, "{}: x and y are the same column '{}'", table.origin,
          table.columns[static_cast<std::size_t>(x)].name);
  LabSweep sweep = lab_sweep(table, x, y, line.notes);
  note_unknown_unit(sweep.y_column, line.notes);
  line.x = std::move(sweep.x_column);
  line.y = std::move(sweep.y_column);
  line.x.unit = to_own_units(columns.x_unit.empty() ? line.x.unit : columns.x_unit, sweep.x);
  line.y.unit = to_own_units(columns.y_unit.empty() ? line.y.unit : columns.y_unit, sweep.y);
  line.x.values = std::move(sweep.x);
  line.y.values = std::move(sweep.y);
  return line;
}

EnergyTable energy_table(const LabTable& table, const std::string& target) {
  require(table.named, "{}: the columns have no names (the coefficients are called by them)",
          table.origin);
  EnergyTable energies{.counts = {}, .target = table.columns.back(), .notes = table.notes};
  if (!target.empty()) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const LabColumn& column) { return column.name == target; });
    require(found != table.columns.end(), "{}: no column '{}' (it has {})", table.origin, target,
            fmt::join(names_of(table), ", "));
    energies.target = *found;
  }
  for (const int c : data_columns(table)) {
    const LabColumn& one = table.columns[static_cast<std::size_t>(c)];
    if (one.name != energies.target.name) energies.counts.push_back(one);
  }
  for (const std::string& name : table.texts)
    energies.notes.push_back(fmt::format("the column '{}' holds text and is left out", name));
  take_complete_rows(table, energies);
  convert_energies(energies);
  return energies;
}

}  // namespace lightloom::calibration
