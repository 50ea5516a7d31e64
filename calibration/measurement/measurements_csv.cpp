#include "calibration/measurement/measurements_csv.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "calibration/measurement/measurement_tables.hpp"
#include "calibration/measurement/plain_table.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// The tables of a file put in order: settings by number and input, sweeps as they come.
class Assembly {
 public:
  Assembly(MeasurementTables tables, std::string origin)
      : tables_(std::move(tables)), origin_(std::move(origin)) {}

  Measurements measurements() {
    data_.noise = tables_.noise;
    data_.notes = std::move(tables_.notes);
    count_from_zero();
    take_settings();
    for (const MeasurementRow& one : tables_.sweeps.rows) sweep_row(one);
    return std::move(data_);
  }

 private:
  template <class... Arguments>
  void check(bool condition, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    if (!condition)
      throw Error(fmt::format("{}:{}: {}", origin_, line_,
                              fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  std::size_t index(double value, std::size_t end, const char* what) {
    check(value >= 0 && value < static_cast<double>(end) && value == std::floor(value),
          "there is no {} {} (they are counted from 0 to {})", what, value, end - 1);
    return static_cast<std::size_t>(value);
  }

  [[nodiscard]] static double least(const MeasurementTable& table, std::size_t column) {
    double found = std::numeric_limits<double>::infinity();
    for (const MeasurementRow& one : table.rows) found = std::min(found, one.values[column]);
    return found;
  }
  [[nodiscard]] static double most(const MeasurementTable& table, std::size_t column) {
    double found = -std::numeric_limits<double>::infinity();
    for (const MeasurementRow& one : table.rows) found = std::max(found, one.values[column]);
    return found;
  }

  /// Files that count settings and ports from 1: only where no 0 stands and the last port shows it.
  void count_from_zero() {
    const bool from_one = !tables_.settings.rows.empty() && least(tables_.settings, 0) == 1 &&
                          least(tables_.settings, 1) == 1 &&
                          most(tables_.settings, 1) == static_cast<double>(tables_.settings.powers);
    if (!from_one) return;
    for (std::size_t column = 0; column < 4 && !tables_.sweeps.rows.empty(); ++column) {
      line_ = tables_.sweeps.rows.front().line;
      check(least(tables_.sweeps, column) >= 1,
            "sweeps count {} from 0, but settings and inputs are counted from 1 below",
            tables_.sweeps.columns[column].name);
    }
    for (MeasurementRow& one : tables_.settings.rows) one.values[0] -= 1, one.values[1] -= 1;
    for (MeasurementRow& one : tables_.sweeps.rows)
      for (std::size_t column = 0; column < 4; ++column) one.values[column] -= 1;
    data_.notes["counted_from"] = "1";
  }

  void take_settings() {
    const auto ports = tables_.settings.powers;
    for (const MeasurementRow& one : tables_.settings.rows) {
      line_ = one.line;
      check(one.values[1] < static_cast<double>(ports),
            "input {}, but the table has {} powers p0 ... p{} (wrong port count)", one.values[1],
            ports, ports - 1);
      index(one.values[1], ports, "input");
      index(one.values[0], tables_.settings.rows.size(), "setting");
    }
    std::stable_sort(tables_.settings.rows.begin(), tables_.settings.rows.end(),
                     [](const MeasurementRow& a, const MeasurementRow& b) {
                       return std::pair(a.values[0], a.values[1]) <
                              std::pair(b.values[0], b.values[1]);
                     });
    long number = 0;
    for (const MeasurementRow& one : tables_.settings.rows) setting_row(one, number++);
    require(number > 0 && number % static_cast<long>(ports) == 0,
            "{}: {} rows of readings (a whole setting has {})", origin_, number, ports);
    data_.settings = static_cast<int>(number / static_cast<long>(ports));
    data_.inputs = single_ports(static_cast<int>(ports));
  }

  void setting_row(const MeasurementRow& one, long number) {
    line_ = one.line;
    const std::vector<double>& values = one.values;
    const auto ports = static_cast<long>(tables_.settings.powers);
    const long setting = number / ports, input = number % ports;
    check(
        values[0] == static_cast<double>(setting) && values[1] == static_cast<double>(input),
        "expected setting {} and input {}, but this row is setting {} and input {}: every setting "
        "lists all {} ports once",
        setting, input, values[0], values[1], ports);
    const auto heaters = static_cast<std::ptrdiff_t>(tables_.settings.heaters);
    const auto volts = values.begin() + (tables_.settings.monitor ? 3 : 2),
               powers = volts + heaters;
    if (input == 0) {
      data_.voltages.insert(data_.voltages.end(), volts, powers);
      if (tables_.settings.monitor) data_.monitor.push_back(values[2]);
    }
    check(std::equal(volts, powers, data_.voltages.end() - heaters),
          "the voltages change within setting {}", setting);
    check(!tables_.settings.monitor || values[2] == data_.monitor.back(),
          "the monitor changes within setting {}", setting);
    data_.readings.insert(data_.readings.end(), powers, values.end());
  }

  void sweep_row(const MeasurementRow& one) {
    line_ = one.line;
    const std::vector<double>& values = one.values;
    const std::size_t count = data_.sweeps.size();
    if (count == 0 || values[0] != static_cast<double>(count - 1)) {
      check(values[0] == static_cast<double>(count), "expected sweep {} (they are numbered from 0)",
            count);
      const std::size_t heater = index(values[1], tables_.sweeps.heaters, "heater");
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

  MeasurementTables tables_;
  std::string origin_;
  int line_ = 0;
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
  return Assembly(read_measurement_tables(plain, origin), origin).measurements();
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
