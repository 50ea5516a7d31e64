#include "calibration/measurement/measurements_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "calibration/measurement/measurements_csv.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"

namespace lightloom::calibration {
namespace {

std::vector<std::int64_t> count_to(std::size_t size) {
  std::vector<std::int64_t> numbers(size);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

void add_sweeps(const std::vector<Sweep>& sweeps, Labelled& file) {
  if (sweeps.empty()) return;
  std::size_t points = 0;
  for (const Sweep& sweep : sweeps) points = std::max(points, sweep.volts.size());
  file.add_axis({"sweep", count_to(sweeps.size()), "", "one heater swept"});
  file.add_axis({"point", count_to(points), "", "reading of a sweep"});
  std::vector<std::int64_t> heater, input, output;
  std::vector<double> base, volts, readings;
  for (const Sweep& s : sweeps) {
    heater.push_back(s.heater);
    input.push_back(s.input);
    output.push_back(s.output);
    base.insert(base.end(), s.base_V.begin(), s.base_V.end());
    for (std::size_t i = 0; i < points; ++i) {
      volts.push_back(i < s.volts.size() ? s.volts[i] : NAN);
      readings.push_back(i < s.readings.size() ? s.readings[i] : NAN);
    }
  }
  file.add({"sweep_heater", {"sweep"}, heater, "", "heater swept"});
  file.add({"sweep_input", {"sweep"}, input, "", "port lit"});
  file.add({"sweep_output", {"sweep"}, output, "", "detector read"});
  file.add({"sweep_base", {"sweep", "heater"}, base, "V", "what the others hold"});
  file.add({"sweep_voltage", {"sweep", "point"}, volts, "V", "voltage of the swept heater"});
  file.add({"sweep_power", {"sweep", "point"}, readings, "1", "detector reading"});
}

/// A variable as numbers, along `axes`.
std::vector<double> numbers_of(const Labelled& file, const std::string& path, const char* name,
                               const std::vector<std::string>& axes) {
  const Variable* variable = file.variable(name);
  require(variable != nullptr, "{}: no variable '{}' (not a measurement file)", path, name);
  require(variable->axes == axes, "{}: '{}' must lie along ({}), not ({})", path, name,
          fmt::join(axes, ", "), fmt::join(variable->axes, ", "));
  std::vector<double> numbers;
  std::visit(
      [&](const auto& list) {
        if constexpr (std::is_arithmetic_v<typename std::decay_t<decltype(list)>::value_type>)
          numbers.assign(list.begin(), list.end());
      },
      variable->values);
  require(numbers.size() == size_of(variable->values), "{}: '{}' must hold numbers", path, name);
  return numbers;
}

/// Numbers of heaters, inputs and outputs: whole, from 0, as far as an int goes.
std::vector<int> indices_of(const Labelled& file, const std::string& path, const char* name) {
  std::vector<int> indices;
  for (const double number : numbers_of(file, path, name, {"sweep"})) {
    require(
        number >= 0 && number <= std::numeric_limits<int>::max() && number == std::floor(number),
        "{}: '{}' holds {} (whole numbers from 0 on are needed)", path, name, number);
    indices.push_back(static_cast<int>(number));
  }
  return indices;
}

std::size_t length_of(const Labelled& file, const std::string& path, const char* name) {
  const Axis* axis = file.axis(name);
  require(axis != nullptr, "{}: no axis '{}' (not a measurement file)", path, name);
  return size_of(axis->values);
}

std::vector<Sweep> sweeps_of(const Labelled& file, const std::string& path, std::size_t heaters) {
  if (file.axis("sweep") == nullptr) return {};
  const std::size_t count = length_of(file, path, "sweep"), points = length_of(file, path, "point");
  const auto heater = indices_of(file, path, "sweep_heater");
  const auto input = indices_of(file, path, "sweep_input");
  const auto output = indices_of(file, path, "sweep_output");
  const auto base = numbers_of(file, path, "sweep_base", {"sweep", "heater"});
  const auto volts = numbers_of(file, path, "sweep_voltage", {"sweep", "point"});
  const auto powers = numbers_of(file, path, "sweep_power", {"sweep", "point"});
  std::vector<Sweep> sweeps(count);
  for (std::size_t s = 0; s < count; ++s) {
    sweeps[s] = {heater[s], input[s], output[s], {}, {}, {}};
    const auto first = base.begin() + static_cast<std::ptrdiff_t>(s * heaters);
    sweeps[s].base_V.assign(first, first + static_cast<std::ptrdiff_t>(heaters));
    for (std::size_t i = s * points; i < (s + 1) * points; ++i) {
      if (std::isnan(volts[i]) && std::isnan(powers[i])) continue;  // filled up
      sweeps[s].volts.push_back(volts[i]);
      sweeps[s].readings.push_back(powers[i]);
    }
  }
  return sweeps;
}

double number_attribute(const Labelled& file, const char* name, double otherwise) {
  const auto found = file.attributes.find(name);
  if (found == file.attributes.end()) return otherwise;
  if (const auto* number = std::get_if<double>(&found->second)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&found->second))
    return static_cast<double>(*number);
  return otherwise;
}

}  // namespace

void write_measurements(const std::string& path, const Measurements& data) {
  if (path.ends_with(".csv")) return write_file(path, measurements_csv(data));
  Labelled file;
  const auto settings = static_cast<std::size_t>(data.settings);
  const std::size_t heaters = data.voltages.size() / std::max<std::size_t>(settings, 1);
  file.add_axis({"setting", count_to(settings), "", "set of voltages"});
  file.add_axis({"heater", count_to(heaters), "", "2k: theta of MZI k, 2k + 1: its phi"});
  file.add_axis({"input", count_to(static_cast<std::size_t>(data.inputs.count)), "", "light sent"});
  file.add_axis({"port", count_to(static_cast<std::size_t>(data.inputs.ports)), "", "port"});
  std::vector<double> re, im;
  for (const photonic::Complex& field : data.inputs.fields) {
    re.push_back(field.real());
    im.push_back(field.imag());
  }
  file.add({"voltage", {"setting", "heater"}, data.voltages, "V", "heater voltage"});
  file.add({"field_re", {"input", "port"}, re, "1", "input field, real part"});
  file.add({"field_im", {"input", "port"}, im, "1", "input field, imaginary part"});
  file.add({"power", {"setting", "input", "port"}, data.readings, "1", "detector reading"});
  if (!data.monitor.empty())
    file.add({"monitor", {"setting"}, data.monitor, "1", "source power over its nominal one"});
  add_sweeps(data.sweeps, file);
  file.attributes["noise_thermal"] = data.noise.thermal;
  file.attributes["noise_shot"] = data.noise.shot;
  file.attributes["noise_relative"] = data.noise.relative;
  file.attributes["kind"] = std::string("measurements");
  file.attributes["title"] = std::string("measurements");
  for (const auto& [name, text] : data.notes) file.attributes["note_" + name] = text;
  write_labelled(path, file);
}

Measurements read_measurements(const std::string& path) {
  if (path.ends_with(".csv"))
    return parse_measurements_csv(read_file(path, "measurement file"), path);
  const Labelled file = read_labelled(path);
  Measurements data;
  data.settings = static_cast<int>(length_of(file, path, "setting"));
  const std::size_t heaters = length_of(file, path, "heater");
  data.inputs.count = static_cast<int>(length_of(file, path, "input"));
  data.inputs.ports = static_cast<int>(length_of(file, path, "port"));
  data.voltages = numbers_of(file, path, "voltage", {"setting", "heater"});
  data.readings = numbers_of(file, path, "power", {"setting", "input", "port"});
  const auto re = numbers_of(file, path, "field_re", {"input", "port"});
  const auto im = numbers_of(file, path, "field_im", {"input", "port"});
  for (std::size_t i = 0; i < re.size(); ++i) data.inputs.fields.emplace_back(re[i], im[i]);
  if (file.variable("monitor") != nullptr)
    data.monitor = numbers_of(file, path, "monitor", {"setting"});
  data.noise.thermal = number_attribute(file, "noise_thermal", data.noise.thermal);
  data.noise.shot = number_attribute(file, "noise_shot", data.noise.shot);
  data.noise.relative = number_attribute(file, "noise_relative", data.noise.relative);
  data.sweeps = sweeps_of(file, path, heaters);
  for (const auto& [name, value] : file.attributes)
    if (name.rfind("note_", 0) == 0 && std::holds_alternative<std::string>(value))
      data.notes[name.substr(5)] = std::get<std::string>(value);
  return data;
}

}  // namespace lightloom::calibration
