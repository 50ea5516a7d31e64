#include "calibration/measurement/measurements_csv.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

#include "calibration/measurement/plain_table.hpp"
#include "core/cards/tree.hpp"
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
class Reader {
 public:
  explicit Reader(std::string origin) : origin_(std::move(origin)) {}

  Measurements read(std::string_view text) {
    for (const CsvLine& line : csv_lines(text, CsvComments::kept)) {
      line_ = line.number;
      if (line.cells.size() == 1 && line.cells[0].starts_with('#'))
        note(line.cells[0]);
      else
        row(line.cells);
    }
    require(ports_ > 0, "{}: no table of settings (a header setting,input,v0,...,p0,... begins it)",
            origin_);
    require(row_ > 0 && row_ % ports_ == 0, "{}: {} rows of readings (a whole setting has {})",
            origin_, row_, ports_);
    data_.settings = static_cast<int>(row_ / ports_);
    data_.inputs = single_ports(static_cast<int>(ports_));
    return std::move(data_);
  }

 private:
  enum class Table { none, settings, sweeps };

  template <class... Arguments>
  void check(bool condition, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!condition)
      throw Error(fmt::format("{}:{}: {}", origin_, line_,
                              fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  /// Readings that are no number are for `check_data` to name.
  double number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(error == std::errc() && end == text.data() + text.size(), "'{}' is not a number", text);
    return value;
  }

  std::size_t index(double value, std::size_t end, const char* what) {
    check(value >= 0 && value < static_cast<double>(end) && value == std::floor(value),
          "there is no {} {} (they are counted from 0 to {})", what, value, end - 1);
    return static_cast<std::size_t>(value);
  }

  /// `# name = value`.
  void note(std::string_view line) {
    const auto equal = line.find('=');
    if (equal == std::string_view::npos) return;
    const std::string_view name = trimmed(line.substr(0, equal), " #\t\r"),
                           value = trimmed(line.substr(equal + 1));
    if (name == "noise_thermal")
      data_.noise.thermal = number(value);
    else if (name == "noise_shot")
      data_.noise.shot = number(value);
    else if (name == "noise_relative")
      data_.noise.relative = number(value);
    else
      data_.notes[std::string(name)] = value;
  }

  void row(const Cells& cells) {
    if (cells[0] == "setting" || cells[0] == "sweep") return header(cells);
    check(table_ != Table::none,
          "the first line must name the columns: setting,input,v0,...,p0,... or "
          "sweep,heater,input,output,volts,power,v0,...");
    check(cells.size() == columns_, "{} values for {} columns", cells.size(), columns_);
    std::vector<double> values;
    for (const std::string_view cell : cells) values.push_back(number(cell));
    table_ == Table::settings ? setting_row(values) : sweep_row(values);
  }

  void header(const Cells& names) {
    const bool settings = names[0] == "setting";
    check(!settings || ports_ == 0, "a second table of settings");
    table_ = settings ? Table::settings : Table::sweeps;
    columns_ = names.size();
    const Cells fixed = settings ? Cells{"setting", "input"}
                                 : Cells{"sweep", "heater", "input", "output", "volts", "power"};
    for (std::size_t i = 0; i < fixed.size(); ++i)
      check(i < names.size() && names[i] == fixed[i], "column {} must be '{}'", i, fixed[i]);
    std::size_t at = fixed.size();
    if (settings && at < names.size() && names[at] == "monitor") monitor_ = ++at > 0;
    const std::size_t heaters = series(names, at, 'v'),
                      ports = settings ? series(names, at, 'p') : 0;
    check(at == names.size(),
          "column '{}' is out of order (expected v0, v1, ...{}; swapped columns?)",
          at < names.size() ? names[at] : "", settings ? ", p0, p1, ..." : "");
    check(heaters > 0 && (!settings || ports > 1), "no voltages or no powers");
    check(heaters_ == 0 || heaters_ == heaters, "{} voltages, but {} in the table before", heaters,
          heaters_);
    heaters_ = heaters;
    if (settings) ports_ = static_cast<long>(ports);
  }

  /// Columns x0, x1, ... from `at` on; leaves `at` behind them.
  static std::size_t series(const Cells& names, std::size_t& at, char letter) {
    std::size_t count = 0;
    while (at < names.size() && names[at] == fmt::format("{}{}", letter, count)) ++count, ++at;
    return count;
  }

  void setting_row(const std::vector<double>& values) {
    check(values[1] < static_cast<double>(ports_),
          "input {}, but the table has {} powers p0 ... p{} (wrong port count)", values[1], ports_,
          ports_ - 1);
    const auto setting = row_ / ports_, input = row_ % ports_;
    check(values[0] == static_cast<double>(setting) && values[1] == static_cast<double>(input),
          "expected setting {} and input {} (every setting lists all {} ports in order)", setting,
          input, ports_);
    const auto volts = values.begin() + (monitor_ ? 3 : 2),
               powers = volts + static_cast<std::ptrdiff_t>(heaters_);
    if (input == 0) {
      data_.voltages.insert(data_.voltages.end(), volts, powers);
      if (monitor_) data_.monitor.push_back(values[2]);
    }
    check(std::equal(volts, powers, data_.voltages.end() - static_cast<std::ptrdiff_t>(heaters_)),
          "the voltages change within setting {}", setting);
    check(!monitor_ || values[2] == data_.monitor.back(), "the monitor changes within setting {}",
          setting);
    data_.readings.insert(data_.readings.end(), powers, values.end());
    ++row_;
  }

  void sweep_row(const std::vector<double>& values) {
    const std::size_t count = data_.sweeps.size();
    if (count == 0 || values[0] != static_cast<double>(count - 1)) {
      check(values[0] == static_cast<double>(count), "expected sweep {} (they are numbered from 0)",
            count);
      const std::size_t heater = index(values[1], heaters_, "heater");
      const auto port = [&](double value) { return static_cast<int>(index(value, 4096, "port")); };
      data_.sweeps.push_back({.heater = static_cast<int>(heater),
                              .input = port(values[2]),
                              .output = port(values[3]),
                              .base_V = {values.begin() + 6, values.end()}});
    }
    Sweep& sweep = data_.sweeps.back();
    check(values[1] == sweep.heater && values[2] == sweep.input && values[3] == sweep.output,
          "heater or ports change within sweep {}", data_.sweeps.size() - 1);
    sweep.volts.push_back(values[4]);
    sweep.readings.push_back(values[5]);
  }

  std::string origin_;
  int line_ = 0;
  Table table_ = Table::none;
  std::size_t columns_ = 0, heaters_ = 0;
  long ports_ = 0, row_ = 0;
  bool monitor_ = false;
  Measurements data_;
};

void append(std::string& text, std::span<const double> numbers) {
  for (const double number : numbers) text += "," + number_text(number);
}

std::string numbered(char letter, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += fmt::format(",{}{}", letter, i);
  return text;
}

}  // namespace

Measurements parse_measurements_csv(const std::string& text, const std::string& origin) {
  const std::string plain = plain_table(text);
  return Reader(origin).read(plain);
}

std::string measurements_csv(const Measurements& data) {
  const auto ports = static_cast<std::size_t>(data.inputs.ports);
  require(data.inputs.fields == single_ports(data.inputs.ports).fields,
          "CSV holds light in one port at a time only (write HDF5 for superpositions)");
  std::string text = fmt::format("# noise_thermal = {}\n# noise_shot = {}\n# noise_relative = {}\n",
                                 number_text(data.noise.thermal), number_text(data.noise.shot),
                                 number_text(data.noise.relative));
  for (const auto& [name, value] : data.notes) text += fmt::format("# {} = {}\n", name, value);
  const std::size_t heaters =
      data.settings > 0 ? data.voltages.size() / static_cast<std::size_t>(data.settings) : 0;
  if (!data.sweeps.empty())
    text += "sweep,heater,input,output,volts,power" + numbered('v', heaters) + "\n";
  for (std::size_t s = 0; s < data.sweeps.size(); ++s) {
    const Sweep& sweep = data.sweeps[s];
    for (std::size_t i = 0; i < sweep.volts.size(); ++i) {
      text += fmt::format("{},{},{},{}", s, sweep.heater, sweep.input, sweep.output);
      append(text, std::vector<double>{sweep.volts[i], sweep.readings[i]});
      append(text, sweep.base_V);
      text += "\n";
    }
  }
  text += fmt::format("setting,input{}", data.monitor.empty() ? "" : ",monitor") +
          numbered('v', heaters) + numbered('p', ports) + "\n";
  for (int s = 0; s < data.settings; ++s) {
    for (std::size_t k = 0; k < ports; ++k) {
      text += fmt::format("{},{}", s, k);
      if (!data.monitor.empty()) append(text, std::vector<double>{data.source(s)});
      append(text, data.voltages_of(s));
      append(text, data.readings_of(s).subspan(k * ports, ports));
      text += "\n";
    }
  }
  return text;
}

}  // namespace lightloom::calibration
