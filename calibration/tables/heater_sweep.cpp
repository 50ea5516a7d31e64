#include "calibration/tables/heater_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "calibration/tables/lab_columns.hpp"
#include "calibration/tables/spectrum_table.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

ColumnRole role_of(Drive over) {
  return over == Drive::power     ? heater_power_role()
         : over == Drive::current ? heater_current_role()
                                  : voltage_role();
}

struct DriveColumn {
  Drive over = Drive::voltage;
  int at = -1;
};

/// Voltage where there is one, else electrical power, else current.
DriveColumn drive_in(const LabTable& table, const HeaterColumns& columns,
                     std::vector<std::string>& notes) {
  if (columns.over != Drive::automatic)
    return {columns.over, find_column(table, {role_of(columns.over), columns.x}, notes)};
  for (const Drive over : {Drive::voltage, Drive::power, Drive::current}) {
    const int at = find_column(table, {role_of(over), columns.x}, notes);
    if (at < 0) continue;
    const std::string& unit =
        columns.x_unit.empty() ? table.columns[static_cast<std::size_t>(at)].unit : columns.x_unit;
    const auto known = lab_unit(unit);  // a column asked for by name may be any of them
    if (known && known->quantity == Quantity::power) return {Drive::power, at};
    if (known && known->quantity == Quantity::current) return {Drive::current, at};
    return {over, at};
  }
  return {};
}

/// Voltage times current, row by row, in mW.
void use_products(const LabTable& table, LabSweep& sweep, std::vector<std::string>& notes) {
  const int volts = find_column(table, {voltage_role()}, notes),
            amperes = find_column(table, {heater_current_role(), {}, volts}, notes);
  if (volts < 0 || amperes < 0) refuse_missing(table, heater_power_role());
  LabColumn v = table.columns[static_cast<std::size_t>(volts)],
            i = table.columns[static_cast<std::size_t>(amperes)];
  convert_units(voltage_role(), v, "", v.values);
  convert_units(heater_current_role(), i, "", i.values);
  LabTable power{.origin = table.origin,
                 .columns = table.columns,
                 .lines = table.lines,
                 .named = table.named,
                 .transposed = table.transposed,
                 .preamble = {},
                 .texts = {},
                 .notes = {}};
  LabColumn product{.name = "voltage times current", .unit = "mW", .values = {}};
  for (std::size_t k = 0; k < v.values.size(); ++k)
    product.values.push_back(v.values[k] * i.values[k]);
  power.columns.push_back(product);
  const int y = find_column(table, {light_role(), {}, volts}, notes);
  if (y < 0) refuse_missing(table, light_role());
  sweep = lab_sweep(power, static_cast<int>(power.columns.size()) - 1, y, notes);
  notes.push_back("the heater's power is its voltage times its current");
}

LabSweep columns_of(const LabTable& table, const HeaterColumns& columns, HeaterSweep& result) {
  const DriveColumn x = drive_in(table, columns, result.notes);
  result.over = x.over;
  LabSweep sweep;
  if (x.at < 0 && columns.over == Drive::power) {
    use_products(table, sweep, result.notes);
    return sweep;
  }
  if (x.at < 0) refuse_missing(table, role_of(x.over));
  int y = find_column(table, {light_role(), columns.y, x.at}, result.notes);
  if (y < 0 && table.columns.size() == 2) y = 1 - x.at;
  if (y < 0) refuse_missing(table, light_role());
  return lab_sweep(table, x.at, y, result.notes);
}

void check_drive(const LabTable& table, const HeaterColumns& columns, const LabSweep& sweep,
                 HeaterSweep& result) {
  double greatest = 0;
  for (const double x : sweep.x) greatest = std::max(greatest, std::abs(x));
  if (result.over == Drive::voltage && columns.x_unit.empty())
    require(greatest <= 400,
            "{}: column '{}' reaches {:.4g} V, and no heater does (millivolts? --x-unit mV reads "
            "them so, "
            "--x-unit V insists)",
            table.origin, sweep.x_column.name, greatest);
  if (result.over == Drive::power)
    for (const double x : sweep.x)
      require(x >= 0, "{}: an electrical power of {:.4g} mW in column '{}' is negative",
              table.origin, x, sweep.x_column.name);
}

}  // namespace

HeaterSweep heater_sweep_from(const LabTable& table, const HeaterColumns& columns) {
  HeaterSweep result{.notes = table.notes};
  LabSweep sweep = columns_of(table, columns, result);
  convert_units(role_of(result.over), sweep.x_column, columns.x_unit, sweep.x);
  check_drive(table, columns, sweep, result);
  const std::string symbol = columns.y_unit.empty() ? sweep.y_column.unit : columns.y_unit;
  const auto unit = symbol.empty() ? std::nullopt : lab_unit(symbol);
  const bool known = unit && unit->quantity != Quantity::none;
  convert_units(light_role(), sweep.y_column, columns.y_unit, sweep.y);
  const auto [low, high] = std::minmax_element(sweep.y.begin(), sweep.y.end());
  result.decibels = known ? unit->quantity == Quantity::decibel : *high <= 0;
  result.unsure = !known && *low < 0 && *high > 0;
  if (result.decibels && !known)
    result.notes.push_back(
        fmt::format("readings from {:.4g} to {:.4g} are read as decibels, since no power is "
                    "negative (--y-unit mW if "
                    "they are not)",
                    *low, *high));
  if (result.decibels) from_decibels(sweep.y);
  result.drive = std::move(sweep.x);
  result.readings = std::move(sweep.y);
  result.lines = std::move(sweep.lines);
  return result;
}

}  // namespace lightloom::calibration
