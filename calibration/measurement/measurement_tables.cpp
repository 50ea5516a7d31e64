#include "calibration/measurement/measurement_tables.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "calibration/tables/lab_units.hpp"
#include "core/error.hpp"
#include "core/files/csv.hpp"

namespace lightloom::calibration {
namespace {

using Cells = std::vector<std::string_view>;

std::string_view trimmed(std::string_view text, const char* spaces = " \t\r") {
  const auto from = text.find_first_not_of(spaces), to = text.find_last_not_of(" \t\r");
  return from == std::string_view::npos ? "" : text.substr(from, to - from + 1);
}

/// Reads line by line into one table or the other.
class TableReader {
 public:
  explicit TableReader(std::string origin) : origin_(std::move(origin)) {}

  MeasurementTables read(std::string_view text) {
    for (const CsvLine& line : csv_lines(text, CsvComments::kept)) {
      line_ = line.number;
      if (line.cells.size() == 1 && line.cells[0].starts_with('#'))
        note(line.cells[0]);
      else
        row(line.cells);
    }
    require(tables_.settings.there(),
            "{}: no table of settings (a header setting,input,v0,...,p0,... begins it)", origin_);
    return std::move(tables_);
  }

 private:
  template <class... Arguments>
  void check(bool condition, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!condition)
      throw Error(fmt::format("{}:{}: {}", origin_, line_,
                              fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  static bool is_name(std::string_view cell) {
    double value = 0;
    return !cell.empty() && std::isalpha(static_cast<unsigned char>(cell[0])) != 0 &&
           std::from_chars(cell.data(), cell.data() + cell.size(), value).ec != std::errc();
  }

  /// Readings that are no number are for `check_data` to name.
  double number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(error == std::errc() && end == text.data() + text.size(), "'{}' is not a number", text);
    return value;
  }

  /// `# name = value`.
  void note(std::string_view line) {
    const auto equal = line.find('=');
    if (equal == std::string_view::npos) return;
    const std::string_view name = trimmed(line.substr(0, equal), " #\t\r"),
                           value = trimmed(line.substr(equal + 1));
    if (name == "noise_thermal")
      tables_.noise.thermal = number(value);
    else if (name == "noise_shot")
      tables_.noise.shot = number(value);
    else if (name == "noise_relative")
      tables_.noise.relative = number(value);
    else
      tables_.notes[std::string(name)] = value;
    if (name == "input_power_mW") input_mW_ = input(value, "power must be above 0 mW");
    if (name == "input_current_mA") input_mA_ = input(value, "current must be above 0 mA");
  }

  /// What a detector reads of all the light that is sent in.
  double input(std::string_view value, const char* must) {
    const double all = number(value);
    check(all > 0 && std::isfinite(all), "the input {}", must);
    return all;
  }

  void row(const Cells& cells) {
    if (is_unit_row(cells)) return header(with_units(cells));
    if (is_name(cells[0])) {
      names_.assign(cells.begin(), cells.end());
      return header(names_);
    }
    check(table_ != nullptr,
          "the first line must name the columns: setting,input,v0,...,p0,... or "
          "sweep,heater,input,output,volts,power,v0,...");
    check(cells.size() == table_->columns.size(), "{} values for {} columns", cells.size(),
          table_->columns.size());
    MeasurementRow one{.line = line_, .values = {}};
    for (std::size_t i = 0; i < cells.size(); ++i) one.values.push_back(converted(i, cells[i]));
    table_->rows.push_back(std::move(one));
  }

  /// In V, and in shares of the light that is sent in.
  double converted(std::size_t at, std::string_view cell) {
    const MeasurementColumn& column = table_->columns[at];
    const double value = column.read(number(cell));
    if (!column.is_power || column.scale == MeasurementColumn::Scale::plain) return value;
    return value / (column.scale == MeasurementColumn::Scale::current ? input_mA_ : input_mW_);
  }

  /// A row of units and nothing else, right below the names.
  bool is_unit_row(const Cells& cells) const {
    if (table_ == nullptr || !table_->rows.empty() || cells.size() != names_.size()) return false;
    const auto fits = [](std::string_view cell) {
      return cell.empty() || cell == "-" || lab_unit(cell).has_value();
    };
    return std::all_of(cells.begin(), cells.end(), fits) &&
           std::any_of(cells.begin(), cells.end(), [](std::string_view cell) {
             return !cell.empty() && std::isdigit(static_cast<unsigned char>(cell[0])) == 0 &&
                    cell != "-";
           });
  }

  /// The names above with their units behind them.
  std::vector<std::string> with_units(const Cells& units) {
    std::vector<std::string> names = names_;
    for (std::size_t i = 0; i < units.size(); ++i)
      if (!units[i].empty() && units[i] != "-") names[i] += fmt::format(" [{}]", units[i]);
    *table_ = {};  // begun anew by its whole header
    return names;
  }

  void header(const std::vector<std::string>& whole) {
    const Cells names(whole.begin(), whole.end());
    MeasurementTable table;
    try {
      table.columns = measurement_columns(names);
    } catch (const Error& problem) {
      check(false, "{}", problem.what());
    }
    const bool settings = table.columns[0].name == "setting";
    check(
        settings || table.columns[0].name == "sweep",
        "the first column is '{}'; it must be setting (of a table setting,input,v0,...,p0,...) or "
        "sweep (sweep,heater,input,output,volts,power,v0,...)",
        names[0]);
    check(!settings || !tables_.settings.there(), "a second table of settings");
    name_columns(names, settings, table);
    table_ = settings ? &tables_.settings : &tables_.sweeps;
    table.rows = std::move(table_->rows);
    *table_ = std::move(table);
  }

  void name_columns(const Cells& names, bool settings, MeasurementTable& table) {
    const std::vector<MeasurementColumn>& columns = table.columns;
    const std::vector<const char*> fixed =
        settings ? std::vector<const char*>{"setting", "input"}
                 : std::vector<const char*>{"sweep", "heater", "input", "output", "volts", "power"};
    for (std::size_t i = 0; i < fixed.size(); ++i)
      check(i < columns.size() && columns[i].name == fixed[i], "column {} must be '{}'", i,
            fixed[i]);
    std::size_t at = fixed.size();
    table.monitor = settings && at < columns.size() && columns[at].name == "monitor";
    at += table.monitor;
    table.heaters = series(columns, at, 'v');
    table.powers = settings ? series(columns, at, 'p') : 0;
    check(at == names.size(),
          "column '{}' is out of order (expected v0, v1, ...{}; swapped columns?)",
          at < names.size() ? names[at] : "", settings ? ", p0, p1, ..." : "");
    check(table.heaters > 0 && (!settings || table.powers > 1), "no voltages or no powers");
    const MeasurementTable& other = settings ? tables_.sweeps : tables_.settings;
    check(!other.there() || other.heaters == table.heaters,
          "{} voltages, but {} in the table before", table.heaters, other.heaters);
    for (const MeasurementColumn& column : columns) {
      const bool current = column.scale == MeasurementColumn::Scale::current;
      check(!column.is_power || column.scale == MeasurementColumn::Scale::plain ||
                (current ? input_mA_ : input_mW_) > 0,
            "column '{}' is in {}, but nothing says {}: add the line '# {} = ...' above the table",
            column.name, column.unit,
            current ? "what all the light that is sent in would give" : "how much light is sent in",
            current ? "input_current_mA" : "input_power_mW");
    }
  }

  /// Columns x0, x1, ... from `at` on; leaves `at` behind them.
  static std::size_t series(const std::vector<MeasurementColumn>& columns, std::size_t& at,
                            char letter) {
    std::size_t count = 0;
    while (at < columns.size() && columns[at].name == fmt::format("{}{}", letter, count))
      ++count, ++at;
    return count;
  }

  std::string origin_;
  int line_ = 0;
  MeasurementTables tables_;
  MeasurementTable* table_ = nullptr;   // that the rows belong to
  std::vector<std::string> names_;      // of the header that was read last
  double input_mW_ = 0, input_mA_ = 0;  // 0: not said
};

}  // namespace

MeasurementTables read_measurement_tables(std::string_view text, const std::string& origin) {
  return TableReader(origin).read(text);
}

}  // namespace lightloom::calibration
