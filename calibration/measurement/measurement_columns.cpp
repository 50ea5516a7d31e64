#include "calibration/measurement/measurement_columns.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "calibration/tables/lab_units.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Spellings of one kind of column; those of a series carry a number behind them.
struct Spelling {
  std::string_view name;
  std::string_view own;
};
constexpr std::array<Spelling, 26> single{{
    {"setting", "setting"},
    {"settings", "setting"},
    {"sweep", "sweep"},
    {"heater", "heater"},
    {"shifter", "heater"},
    {"phaseshifter", "heater"},
    {"input", "input"},
    {"inputport", "input"},
    {"in", "input"},
    {"output", "output"},
    {"outputport", "output"},
    {"out", "output"},
    {"detector", "output"},
    {"volts", "volts"},
    {"voltage", "volts"},
    {"v", "volts"},
    {"volt", "volts"},
    {"drive", "volts"},
    {"power", "power"},
    {"p", "power"},
    {"reading", "power"},
    {"powers", "power"},
    {"detectedpower", "power"},
    {"monitor", "monitor"},
    {"mon", "monitor"},
    {"sourcemonitor", "monitor"},
}};
constexpr std::array<Spelling, 12> series{{
    {"v", "v"},
    {"voltage", "v"},
    {"volts", "v"},
    {"heater", "v"},
    {"shifter", "v"},
    {"p", "p"},
    {"power", "p"},
    {"det", "p"},
    {"detector", "p"},
    {"out", "p"},
    {"output", "p"},
    {"pd", "p"},
}};

/// Small letters and digits of a name in front of its unit.
std::string letters(std::string_view text, const std::string& unit) {
  if (!unit.empty()) {
    const std::size_t at = text.rfind(unit);
    if (at != std::string_view::npos) text = text.substr(0, at);
  }
  std::string name;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::string own_name(const std::string& name, std::string_view original) {
  for (const Spelling& one : single)
    if (one.name == name) return std::string(one.own);
  const std::size_t digits = name.find_first_of("0123456789");
  if (digits == std::string::npos || name.find_last_not_of("0123456789") >= digits)
    return std::string(original);
  for (const Spelling& one : series)
    if (name.compare(0, digits, one.name) == 0) return std::string(one.own) + name.substr(digits);
  return std::string(original);
}

void take_unit(const std::string& unit, MeasurementColumn& column) {
  if (unit.empty()) return;
  column.unit = unit;
  const LabUnit known = *lab_unit(unit);
  if (known.quantity == Quantity::none) return;
  const bool decibel = known.quantity == Quantity::decibel,
             current = known.quantity == Quantity::current;
  require((column.is_volts && known.quantity == Quantity::voltage) ||
              (column.is_power && (known.quantity == Quantity::power || decibel || current)),
          "column '{}' is in {}, which is no unit of {}", column.name, unit,
          column.is_volts   ? "a voltage (V, mV)"
          : column.is_power ? "an optical power (mW, uW, dBm) or photocurrent (mA, uA)"
                            : "a number");
  require(!decibel || letters(unit, "") == "dbm",
          "column '{}' is in {}: relative to what? (dBm, mW and uW are known)", column.name, unit);
  column.scale = decibel   ? MeasurementColumn::Scale::dBm
                 : current ? MeasurementColumn::Scale::current
                           : MeasurementColumn::Scale::linear;
  column.factor = known.factor;
}

bool numbered(const std::string& name, char letter) {
  return name.size() > 1 && name[0] == letter &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

double MeasurementColumn::read(double value) const {
  if (scale == Scale::dBm) return std::pow(10.0, value / 10);
  return value * factor;
}

std::vector<MeasurementColumn> measurement_columns(const std::vector<std::string_view>& header) {
  std::vector<MeasurementColumn> columns;
  const std::vector<ColumnHead> heads =
      column_heads(std::vector<std::string>(header.begin(), header.end()));
  for (const ColumnHead& head : heads) {
    const std::string_view cell = head.name;
    MeasurementColumn column;
    column.name = own_name(letters(cell, head.unit), cell);
    column.is_volts = column.name == "volts" || numbered(column.name, 'v');
    column.is_power = column.name == "power" || numbered(column.name, 'p');
    take_unit(head.unit, column);
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace lightloom::calibration
