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

/// The column that is voltage times current within 5 % all along, the heater's own power, whatever
/// it is called; -1.
int product_column(const LabTable& table) {
  std::vector<std::string> unused;
  const int volts = find_column(table, {voltage_role(), {}, -1}, unused),
            amperes = find_column(table, {heater_current_role(), {}, volts}, unused);
  if (volts < 0 || amperes < 0 || volts == amperes) return -1;
  const LabColumn &v = table.columns[static_cast<std::size_t>(volts)],
                  &i = table.columns[static_cast<std::size_t>(amperes)];
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (static_cast<int>(c) == volts || static_cast<int>(c) == amperes) continue;
    const std::vector<double>& values = table.columns[c].values;
    double xy = 0, xx = 0, off = 0;  // the units are not asked: proportional will do
    const auto product = [&](std::size_t k) { return v.values[k] * i.values[k]; };
    const auto holds = [&](std::size_t k) {
      return std::isfinite(values[k]) && std::isfinite(product(k));
    };
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!holds(k)) continue;
      xy += values[k] * product(k);
      xx += product(k) * product(k);
    }
    if (!(xx > 0) || !(xy > 0)) continue;
    for (std::size_t k = 0; k < values.size(); ++k)
      if (holds(k)) off += std::pow(values[k] - xy / xx * product(k), 2);
    if (off < 0.05 * 0.05 * xy * xy / xx) return static_cast<int>(c);
  }
  return -1;
}

/// The column of the light, which the heater's own power is not; -1.
int light_in(const LabTable& table, const std::string& asked, int drive,
             std::vector<std::string>& notes) {
  const int product = asked.empty() ? product_column(table) : -1;
  LabTable without = table;
  if (product >= 0 && product != drive)
    without.columns[static_cast<std::size_t>(product)].name = "electrical power";
  const int y = find_column(without, {light_role(), asked, drive}, notes);
  return y < 0 && table.columns.size() == 2 ? 1 - drive : y;
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
                 .clocks = {},
                 .notes = {}};
  LabColumn product{.name = "voltage times current", .unit = "mW", .values = {}};
  for (std::size_t k = 0; k < v.values.size(); ++k)
    product.values.push_back(v.values[k] * i.values[k]);
  power.columns.push_back(product);
  const int y = light_in(table, "", volts, notes);
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
  const int y = light_in(table, columns.y, x.at, result.notes);
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
  turn_inverted(symbol, sweep.y, result.notes);
  const bool lost = turn_losses(sweep.y_column, symbol, sweep.y, result.notes);
  const auto [low, high] = std::minmax_element(sweep.y.begin(), sweep.y.end());
  result.decibels = lost || (known ? unit->quantity == Quantity::decibel : *high <= 0);
  result.unsure = !known && !lost && *low < 0 && *high > 0;
  if (result.decibels && !known && !lost)
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
