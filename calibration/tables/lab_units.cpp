#include "calibration/tables/lab_units.hpp"

#include <array>
#include <numbers>

#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::calibration {
namespace {

struct NamedUnit {
  std::string_view symbol;
  LabUnit unit;
};
constexpr double degree_rad = std::numbers::pi / 180;
constexpr double wavenumber_THz = 0.0299792458;  // of one per centimetre: c, CODATA
constexpr std::array<NamedUnit, 89> units{{
    {"V", {Quantity::voltage, 1}},
    {"mV", {Quantity::voltage, 1e-3}},
    {"uV", {Quantity::voltage, 1e-6}},
    {"kV", {Quantity::voltage, 1e3}},
    {"Volt", {Quantity::voltage, 1}},
    {"Volts", {Quantity::voltage, 1}},
    {"A", {Quantity::current, 1e3}},
    {"mA", {Quantity::current, 1}},
    {"uA", {Quantity::current, 1e-3}},
    {"nA", {Quantity::current, 1e-6}},
    {"pA", {Quantity::current, 1e-9}},
    {"W", {Quantity::power, 1e3}},
    {"kW", {Quantity::power, 1e6}},
    {"mW", {Quantity::power, 1}},
    {"uW", {Quantity::power, 1e-3}},
    {"nW", {Quantity::power, 1e-6}},
    {"pW", {Quantity::power, 1e-9}},
    {"fW", {Quantity::power, 1e-12}},
    {"Watt", {Quantity::power, 1e3}},
    {"Watts", {Quantity::power, 1e3}},
    {"dBm", {Quantity::decibel, 1}},
    {"dB", {Quantity::decibel, 1}},
    {"dBmW", {Quantity::decibel, 1}},
    {"dBuW", {Quantity::decibel, 1}},
    {"nm", {Quantity::length, 1}},
    {"um", {Quantity::length, 1e3}},
    {"m", {Quantity::length, 1e9}},
    {"mm", {Quantity::length, 1e6}},
    {"pm", {Quantity::length, 1e-3}},
    {"Angstrom", {Quantity::length, 0.1}},
    {"\xC3\x85", {Quantity::length, 0.1}},  // A with a ring, in either of its letters
    {"\xE2\x84\xAB", {Quantity::length, 0.1}},
    {"meter", {Quantity::length, 1e9}},
    {"micron", {Quantity::length, 1e3}},
    {"microns", {Quantity::length, 1e3}},
    {"micrometer", {Quantity::length, 1e3}},
    {"nanometer", {Quantity::length, 1}},
    {"nanometers", {Quantity::length, 1}},
    {"THz", {Quantity::frequency, 1}},
    {"GHz", {Quantity::frequency, 1e-3}},
    {"MHz", {Quantity::frequency, 1e-6}},
    {"Hz", {Quantity::frequency, 1e-12}},
    {"cm-1", {Quantity::frequency, wavenumber_THz}},
    {"cm^-1", {Quantity::frequency, wavenumber_THz}},
    {"cm^{-1}", {Quantity::frequency, wavenumber_THz}},
    {"cm\xE2\x81\xBB\xC2\xB9", {Quantity::frequency, wavenumber_THz}},  // superscripts
    {"1/cm", {Quantity::frequency, wavenumber_THz}},
    {"kayser", {Quantity::frequency, wavenumber_THz}},
    {"s", {Quantity::time, 1}},
    {"sec", {Quantity::time, 1}},
    {"second", {Quantity::time, 1}},
    {"seconds", {Quantity::time, 1}},
    {"ms", {Quantity::time, 1e-3}},
    {"us", {Quantity::time, 1e-6}},
    {"ns", {Quantity::time, 1e-9}},
    {"min", {Quantity::time, 60}},
    {"mins", {Quantity::time, 60}},
    {"minute", {Quantity::time, 60}},
    {"minutes", {Quantity::time, 60}},
    {"h", {Quantity::time, 3600}},
    {"hr", {Quantity::time, 3600}},
    {"hrs", {Quantity::time, 3600}},
    {"hour", {Quantity::time, 3600}},
    {"hours", {Quantity::time, 3600}},
    {"d", {Quantity::time, 86400}},
    {"day", {Quantity::time, 86400}},
    {"days", {Quantity::time, 86400}},
    {"rad", {Quantity::angle, 1}},
    {"mrad", {Quantity::angle, 1e-3}},
    {"urad", {Quantity::angle, 1e-6}},
    {"radians", {Quantity::angle, 1}},
    {"deg", {Quantity::angle, degree_rad}},
    {"degree", {Quantity::angle, degree_rad}},
    {"degrees", {Quantity::angle, degree_rad}},
    {"\xC2\xB0", {Quantity::angle, degree_rad}},
    {"pi", {Quantity::angle, std::numbers::pi}},
    {"turns", {Quantity::angle, 2 * std::numbers::pi}},
    {"cycles", {Quantity::angle, 2 * std::numbers::pi}},
    {"J", {Quantity::energy, 1e12}},
    {"mJ", {Quantity::energy, 1e9}},
    {"uJ", {Quantity::energy, 1e6}},
    {"nJ", {Quantity::energy, 1e3}},
    {"pJ", {Quantity::energy, 1}},
    {"fJ", {Quantity::energy, 1e-3}},
    {"aJ", {Quantity::energy, 1e-6}},
    {"eV", {Quantity::energy, 1.602176634e-7}},  // CODATA, exact
    {"a.u.", {Quantity::none, 1}},
    {"1", {Quantity::none, 1}},
    {"%", {Quantity::none, 0.01}},
}};

bool same_letters(std::string_view a, std::string_view b) {
  return small_letters(a) == small_letters(b);
}

std::string_view inner(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '[' || text.front() == '('))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ']' || text.back() == ')'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<LabUnit> lab_unit(std::string_view symbol) {
  symbol = inner(symbol);
  for (const NamedUnit& one : units)
    if (one.symbol == symbol) return one.unit;
  for (const NamedUnit& one : units)  // POWER_MW, dbm, NM; no laboratory measures megawatts
    if (one.symbol.size() > 1 && same_letters(one.symbol, symbol)) return one.unit;
  return same_letters(symbol, "V")   ? std::optional<LabUnit>(LabUnit{Quantity::voltage, 1})
         : same_letters(symbol, "W") ? std::optional<LabUnit>(LabUnit{Quantity::power, 1e3})
                                     : std::nullopt;
}

LabUnit known_unit(std::string_view symbol) {
  const std::optional<LabUnit> unit = lab_unit(symbol);
  require(unit.has_value(),
          "'{}' is no unit that is known here (V, mV, mA, mW, uW, dBm, nm, um, THz "
          "... are)",
          symbol);
  return *unit;
}

bool same_unit(std::string_view a, std::string_view b) {
  const std::optional<LabUnit> left = lab_unit(a), right = lab_unit(b);
  return left && right && left->quantity == right->quantity && left->factor == right->factor;
}

std::string_view own_unit(Quantity quantity) {
  switch (quantity) {
    case Quantity::voltage:
      return "V";
    case Quantity::current:
      return "mA";
    case Quantity::power:
      return "mW";
    case Quantity::decibel:
      return "dB";
    case Quantity::length:
      return "nm";
    case Quantity::frequency:
      return "THz";
    case Quantity::time:
      return "s";
    case Quantity::angle:
      return "rad";
    case Quantity::energy:
      return "pJ";
    case Quantity::none:
      break;
  }
  return "";
}

}  // namespace lightloom::calibration
