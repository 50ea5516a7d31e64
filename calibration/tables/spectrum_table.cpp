#include "calibration/tables/spectrum_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/tables/lab_columns.hpp"
#include "calibration/tables/sweep_pieces.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

constexpr double light_nm_THz = 299792.458;  // c, CODATA

double middle_of(std::vector<double> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

bool is_light(double nm) { return nm >= 200 && nm <= 20000; }

/// Values in nm; where they cannot be light as they stand, in the unit that makes light of them.
void read_as_nm(const std::string& origin, LabSweep& sweep, std::vector<std::string>& notes) {
  const double middle = middle_of(sweep.x);
  if (is_light(middle)) return;
  const std::pair<const char*, double> units[] = {{"m", 1e9}, {"um", 1e3}, {"pm", 1e-3}};
  for (const auto& [unit, factor] : units) {
    if (!is_light(middle * factor)) continue;
    for (double& x : sweep.x) x *= factor;
    notes.push_back(fmt::format("wavelengths of {:.4g} are read in {} (column '{}')", middle, unit,
                                sweep.x_column.name));
    return;
  }
  throw Error(
      fmt::format("{}: wavelengths of {:.4g} in column '{}' are no light in nm, um or m (200 nm to "
                  "20 um; is it the right column? --x and --x-unit choose)",
                  origin, middle, sweep.x_column.name));
}

void read_frequency(const std::string& origin, LabSweep& sweep) {
  const double middle = middle_of(sweep.x);
  const bool hertz = middle > 1e11;  // a column named frequency without a unit
  for (double& x : sweep.x) {
    const double thz = hertz ? x * 1e-12 : x;
    require(thz > 0, "{}: a frequency of {} in column '{}'", origin, x, sweep.x_column.name);
    x = light_nm_THz / thz;
  }
  require(is_light(middle_of(sweep.x)),
          "{}: frequencies of {:.4g} in column '{}' are no light (15 to 1500 THz)", origin, middle,
          sweep.x_column.name);
}

void read_power(const SpectrumColumns& columns, LabSweep& sweep, Spectrum& spectrum) {
  const std::string symbol = columns.y_unit.empty() ? sweep.y_column.unit : columns.y_unit;
  const auto unit = symbol.empty() ? std::nullopt : lab_unit(symbol);
  const bool known = unit && unit->quantity != Quantity::none;
  convert_units(light_role(), sweep.y_column, columns.y_unit, sweep.y);
  spectrum.decibels = known ? unit->quantity == Quantity::decibel : look_like_decibels(sweep.y);
  const auto [low, high] = std::minmax_element(sweep.y.begin(), sweep.y.end());
  if (!spectrum.decibels) {
    if (known && look_like_decibels(sweep.y))
      spectrum.notes.push_back(fmt::format(
          "most readings are negative ({:.4g} to {:.4g}) although the unit is {}: are they dBm "
          "(--y-unit dBm)?",
          *low, *high, symbol));
    return;
  }
  if (!known)
    spectrum.notes.push_back(fmt::format(
        "readings from {:.4g} to {:.4g} are read as decibels (--y-unit mW if they are not)", *low,
        *high));
  if (*low >= 0 && *high > 3 && sweep.y_column.name.find("oss") != std::string::npos) {
    for (double& y : sweep.y) y = -y;
    spectrum.notes.push_back("losses are read as positive decibels");
  }
  from_decibels(sweep.y);
}

}  // namespace

bool look_like_decibels(const std::vector<double>& readings) {
  const auto [low, high] = std::minmax_element(readings.begin(), readings.end());
  if (*low >= 0) return false;
  const auto negative =
      std::count_if(readings.begin(), readings.end(), [](double y) { return y < 0; });
  return 2 * negative > static_cast<std::ptrdiff_t>(readings.size()) || -*low > *high;
}

void from_decibels(std::vector<double>& readings) {
  for (double& y : readings) y = std::pow(10, std::clamp(y, -300.0, 300.0) / 10);
}

Spectrum spectrum_from(const LabTable& table, const SpectrumColumns& columns) {
  Spectrum spectrum{.notes = table.notes};
  ColumnRole role = wavelength_role();
  bool frequency = false;
  int x = find_column(table, {role, columns.x}, spectrum.notes);
  if (columns.x.empty() && table.named) {
    std::vector<std::string> unused;
    const int other = find_column(table, {frequency_role()}, unused);
    if (x < 0 && other >= 0) x = other, frequency = true;
  }
  if (x < 0) refuse_missing(table, role);
  const std::string& unit =
      columns.x_unit.empty() ? table.columns[static_cast<std::size_t>(x)].unit : columns.x_unit;
  if (const auto known = lab_unit(unit); known && known->quantity == Quantity::frequency)
    frequency = true;
  if (frequency) role = frequency_role();
  const int y = find_column(table, {light_role(), columns.y, x}, spectrum.notes);
  int left = y;
  if (y < 0 && table.columns.size() == 2) left = 1 - x;
  if (left < 0) refuse_missing(table, light_role());
  require(left != x, "{}: column '{}' is asked for as both x and y", table.origin,
          table.columns[static_cast<std::size_t>(x)].name);
  LabSweep sweep = lab_sweep(table, x, left, spectrum.notes);
  convert_units(role, sweep.x_column, columns.x_unit, sweep.x);
  frequency ? read_frequency(table.origin, sweep) : read_as_nm(table.origin, sweep, spectrum.notes);
  read_power(columns, sweep, spectrum);
  join_pieces(sweep, spectrum.notes);
  spectrum.wavelength_nm = std::move(sweep.x);
  spectrum.power = std::move(sweep.y);
  return spectrum;
}

}  // namespace lightloom::calibration
