#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// Whether two symbols mean one unit; symbols that are not known mean none.
bool same_unit(std::string_view a, std::string_view b);

/// The head of a column, split: "Voltage [V]", "Spannung_V", "Power (dBm)", "leistung/dBm" ...
struct ColumnHead {
  std::string name;  // as it stands in the file
  std::string unit;  // its symbol; "" where there is none
};

/// A head by itself. In brackets and behind a stroke every known unit counts; behind "_", a blank,
/// ":" or "," one of two letters or more does, unless the name in front measures something else
/// ("power_pm") or is a number ("P_1550_nm"); V, W and J do unless the name numbers things
/// ("channel_V"), A, m, s, h and min only behind what they measure ("Strom_A", not "Kanal_A").
/// Throws `Error` where a head names two units.
ColumnHead column_head(std::string_view text);

/// The heads of a table: single letters that tell columns apart ("I_A", "I_B") are no units.
std::vector<ColumnHead> column_heads(const std::vector<std::string>& texts);

}  // namespace lightloom::calibration
