#include "calibration/tables/spectrum_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/tables/lab_columns.hpp"
#include "calibration/tables/sweep_pieces.hpp"
#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::calibration {
namespace {

constexpr double light_nm_THz = 299792.458;  // c, CODATA

constexpr double planck_pJ_ps = 6.62607015e-10;  // h, CODATA: pJ over THz

bool measures_light(Quantity quantity) {
  return quantity == Quantity::frequency || quantity == Quantity::energy;
}

double middle_of(std::vector<double> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

bool is_light(double nm) { return nm >= 200 && nm <= 20000; }

/// Values in nm; where they cannot be light as they stand, in the unit that makes light of them.
void read_as_nm(const std::string& origin, LabSweep& sweep, std::vector<std::string>& notes) {
  const double middle = middle_of(sweep.x);
  const bool nameless = sweep.x_column.name.empty() && sweep.x_column.unit.empty();
  require(!nameless || middle < 200 || middle > 400,
          "{}: numbers of {:.4g} without a name may be wavelengths in nm or frequencies in THz "
          "({:.4g} nm): --x-unit says which",
          origin, middle, light_nm_THz / middle);
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

/// THz of a number in a column without a unit, whose name says what it is.
double frequency_factor(const LabColumn& column, double middle) {
  const std::string name = small_letters(column.name);
  if (name.find("wave") != std::string::npos || name.find("wellen") != std::string::npos)
    return known_unit("cm-1").factor;
  for (const char* unit : {"THz", "GHz", "MHz", "Hz"})  // at most one makes light of it
    if (middle > 0 && is_light(light_nm_THz / (middle * known_unit(unit).factor)))
      return known_unit(unit).factor;
  return 1;
}

void read_frequency(const std::string& origin, bool unit_given, LabSweep& sweep) {
  const double middle = middle_of(sweep.x);
  const double factor = unit_given ? 1 : frequency_factor(sweep.x_column, middle);
  for (double& x : sweep.x) {
    require(x > 0,
            "{}: a frequency of {:.6g} in column '{}' (counted from a line's centre? the spectrum "
            "needs those of the light itself: add the laser's)",
            origin, x, sweep.x_column.name);
    x = light_nm_THz / (x * factor);
  }
  require(is_light(middle_of(sweep.x)),
          "{}: frequencies of {:.4g} in column '{}' are no light (15 to 1500 THz)", origin, middle,
          sweep.x_column.name);
}

/// A word by which a column's name calls light lost.
bool names_losses(const std::string& name) {
  const std::string small = small_letters(name);
  for (const char* word : {"loss", "attenuat", "mpfung", "verlust", "perte", "perdit"})
    if (small.find(word) != std::string::npos) return true;
  return small == "il" || small.starts_with("il ") || small.starts_with("il_") ||
         small.starts_with("il(") || small.starts_with("il[");
}

/// Whether what is large is positive: losses may be a little below 0 where nothing is lost.
bool reach_upwards(const std::vector<double>& readings) {
  const auto [low, high] = std::minmax_element(readings.begin(), readings.end());
  return *high > -*low;
}

/// A field's size instead of a power: its lines are narrower.
void note_field(const LabColumn& column, std::vector<std::string>& notes) {
  const std::string name = small_letters(column.name);
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  if (has("^2") || has("squared") || has("\xC2\xB2")) return;
  if (has("amplitude") || has("magnitude") || has("abs(") || has("|s"))
    notes.push_back(fmt::format(
        "'{}' is read as a power: of a field's size, squares are needed (its lines look narrower)",
        column.name));
}

void read_power(const SpectrumColumns& columns, LabSweep& sweep, Spectrum& spectrum) {
  const std::string symbol = columns.y_unit.empty() ? sweep.y_column.unit : columns.y_unit;
  const auto unit = symbol.empty() ? std::nullopt : lab_unit(symbol);
  const bool known = unit && unit->quantity != Quantity::none;
  convert_units(light_role(), sweep.y_column, columns.y_unit, sweep.y);
  turn_inverted(symbol, sweep.y, spectrum.notes);
  const bool lost = turn_losses(sweep.y_column, symbol, sweep.y, spectrum.notes);
  spectrum.decibels =
      lost || (known ? unit->quantity == Quantity::decibel : look_like_decibels(sweep.y));
  const auto [low, high] = std::minmax_element(sweep.y.begin(), sweep.y.end());
  if (!spectrum.decibels) {
    note_field(sweep.y_column, spectrum.notes);
    if (known && look_like_decibels(sweep.y))
      spectrum.notes.push_back(fmt::format(
          "most readings are negative ({:.4g} to {:.4g}) although the unit is {}: are they dBm "
          "(--y-unit dBm)?",
          *low, *high, symbol));
    return;
  }
  if (!known && !lost)
    spectrum.notes.push_back(fmt::format(
        "readings from {:.4g} to {:.4g} are read as decibels (--y-unit mW if they are not)", *low,
        *high));
  if (!lost && *low >= 0 && *high > 3 && small_letters(symbol) == "db")
    spectrum.notes.push_back(fmt::format(
        "all readings are positive ({:.4g} to {:.4g} dB), as no passive chip has them: if they are "
        "losses, call the column so ('loss [dB]')",
        *low, *high));
  from_decibels(sweep.y);
}

/// pandas numbers columns that have no names: a first row of 0, 1 is no light.
void drop_column_numbers(LabSweep& sweep, std::vector<std::string>& notes) {
  if (sweep.x.size() < 4 || sweep.x[0] != 0 || sweep.y[0] != 1 || sweep.x[1] == 0) return;
  notes.push_back(fmt::format("line {} numbers the columns and is left out", sweep.lines[0]));
  sweep.x.erase(sweep.x.begin());
  sweep.y.erase(sweep.y.begin());
  sweep.lines.erase(sweep.lines.begin());
}

/// The only other column whose unit is one of light, whatever it is called; -1.
int only_reading(const LabTable& table, int x) {
  const ColumnRole role = light_role();
  int found = -1;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const LabColumn& one = table.columns[c];
    const auto unit = one.unit.empty() ? std::nullopt : lab_unit(one.unit);
    const std::string name = small_letters(one.name);
    const bool other =
        std::any_of(role.never.begin(), role.never.end(),
                    [&](const std::string& word) { return name.find(word) != std::string::npos; });
    if (static_cast<int>(c) == x || !unit || other || unit->quantity == Quantity::none ||
        std::find(role.quantities.begin(), role.quantities.end(), unit->quantity) ==
            role.quantities.end())
      continue;
    if (found >= 0) return -1;
    found = static_cast<int>(c);
  }
  return found;
}

}  // namespace

bool look_like_decibels(const std::vector<double>& readings) {
  const auto [low, high] = std::minmax_element(readings.begin(), readings.end());
  if (*low >= 0) return false;
  const auto negative =
      std::count_if(readings.begin(), readings.end(), [](double y) { return y < 0; });
  // Powers less a dark level scatter about 0: many are negative, but little.
  const bool most = 2 * negative > static_cast<std::ptrdiff_t>(readings.size());
  return -*low > (most ? 0.2 : 1.0) * *high;
}

void turn_inverted(const std::string& unit, std::vector<double>& readings,
                   std::vector<std::string>& notes) {
  const auto known = unit.empty() ? std::nullopt : lab_unit(unit);
  if (!known || (known->quantity != Quantity::voltage && known->quantity != Quantity::current) ||
      *std::max_element(readings.begin(), readings.end()) > 0)
    return;
  for (double& y : readings) y = -y;
  notes.push_back("no reading is positive: they are taken as those of a detector that inverts");
}

bool turn_losses(const LabColumn& column, const std::string& unit, std::vector<double>& readings,
                 std::vector<std::string>& notes) {
  const auto known = unit.empty() ? std::nullopt : lab_unit(unit);
  const std::string name = small_letters(column.name);
  const bool density = name.find("absorbance") != std::string::npos ||
                       name.find("optical density") != std::string::npos;
  const bool fits = !known || known->quantity == Quantity::none
                        ? density || names_losses(column.name)
                        : known->quantity == Quantity::decibel && names_losses(column.name);
  if (!fits || !reach_upwards(readings)) return false;
  for (double& y : readings) y *= density ? -10 : -1;
  notes.push_back(density ? "absorbances are read as decades of light lost"
                          : "losses are read as positive decibels");
  return true;
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
  if (const auto known = lab_unit(unit); known && measures_light(known->quantity)) frequency = true;
  if (frequency) role = frequency_role();
  const int y = find_column(table, {light_role(), columns.y, x}, spectrum.notes);
  int left = y;
  if (y < 0 && table.columns.size() == 2) left = 1 - x;
  if (left < 0) left = only_reading(table, x);
  if (left < 0) refuse_missing(table, light_role());
  require(left != x, "{}: column '{}' is asked for as both x and y", table.origin,
          table.columns[static_cast<std::size_t>(x)].name);
  LabSweep sweep = lab_sweep(table, x, left, spectrum.notes);
  drop_column_numbers(sweep, spectrum.notes);
  convert_units(role, sweep.x_column, columns.x_unit, sweep.x);
  if (const auto known = lab_unit(unit); known && known->quantity == Quantity::energy)
    for (double& photon : sweep.x) photon /= planck_pJ_ps;
  frequency ? read_frequency(table.origin, !unit.empty(), sweep)
            : read_as_nm(table.origin, sweep, spectrum.notes);
  read_power(columns, sweep, spectrum);
  join_pieces(sweep, spectrum.notes, spectrum.problems);
  spectrum.wavelength_nm = std::move(sweep.x);
  spectrum.power = std::move(sweep.y);
  return spectrum;
}

}  // namespace lightloom::calibration
