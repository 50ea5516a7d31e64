#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lightloom::calibration {

/// What a unit measures.
enum class Quantity {
  none,
  voltage,
  current,
  power,
  decibel,
  length,
  frequency,
  time,
  angle,
  energy
};

/// A unit as a factor to the one we compute in: V, mA, mW, nm, THz, s, rad, pJ; dBm and dB
/// stay.
struct LabUnit {
  Quantity quantity = Quantity::none;
  double factor = 1;
};

/// A unit by its symbol: V, mV, uW, dBm, nm, um, GHz, ...; upper and lower case where only one unit
/// is meant. nullopt: not a unit we know.
std::optional<LabUnit> lab_unit(std::string_view symbol);

/// The unit of that symbol. Throws `Error` that names those that are known.
LabUnit known_unit(std::string_view symbol);

/// The symbol of the unit that we compute in; "" for numbers.
std::string_view own_unit(Quantity quantity);

/// The head of a column, split: "Voltage [V]", "voltage_V", "Power (dBm)", "Voltage / V" ...
struct ColumnHead {
  std::string name;  // as it stands in the file
  std::string unit;  // its symbol; "" where there is none
};
ColumnHead column_head(std::string_view text);

}  // namespace lightloom::calibration
