#include "calibration/measurements_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include "core/error.hpp"
#include "core/labelled.hpp"

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

template <class T>
const std::vector<T>& values_of(const Labelled& file, const std::string& path, const char* name) {
  const Variable* variable = file.variable(name);
  require(variable != nullptr, "{}: no variable '{}' (not a measurement file)", path, name);
  const auto* values = std::get_if<std::vector<T>>(&variable->values);
  require(values != nullptr, "{}: '{}' has the wrong type", path, name);
  return *values;
}

std::size_t length_of(const Labelled& file, const std::string& path, const char* name) {
  const Axis* axis = file.axis(name);
  require(axis != nullptr, "{}: no axis '{}' (not a measurement file)", path, name);
  return size_of(axis->values);
}

std::vector<Sweep> sweeps_of(const Labelled& file, const std::string& path, std::size_t heaters) {
  if (file.axis("sweep") == nullptr) return {};
  const std::size_t count = length_of(file, path, "sweep"), points = length_of(file, path, "point");
  const auto& heater = values_of<std::int64_t>(file, path, "sweep_heater");
  const auto& input = values_of<std::int64_t>(file, path, "sweep_input");
  const auto& output = values_of<std::int64_t>(file, path, "sweep_output");
  const auto& base = values_of<double>(file, path, "sweep_base");
  const auto& volts = values_of<double>(file, path, "sweep_voltage");
  const auto& powers = values_of<double>(file, path, "sweep_power");
  std::vector<Sweep> sweeps(count);
  for (std::size_t s = 0; s < count; ++s) {
    sweeps[s] = {static_cast<int>(heater[s]),
                 static_cast<int>(input[s]),
                 static_cast<int>(output[s]),
                 {},
                 {},
                 {}};
    const auto first = base.begin() + static_cast<std::ptrdiff_t>(s * heaters);
    sweeps[s].base_V.assign(first, first + static_cast<std::ptrdiff_t>(heaters));
    for (std::size_t i = s * points; i < (s + 1) * points; ++i) {
      if (std::isnan(volts[i])) continue;
      sweeps[s].volts.push_back(volts[i]);
      sweeps[s].readings.push_back(powers[i]);
    }
  }
  return sweeps;
}

double number_attribute(const Labelled& file, const char* name, double otherwise) {
  const auto found = file.attributes.find(name);
  if (found == file.attributes.end()) return otherwise;
  const auto* number = std::get_if<double>(&found->second);
  return number != nullptr ? *number : otherwise;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) {
    const auto from = cell.find_first_not_of(" \t\r"), to = cell.find_last_not_of(" \t\r");
    cells.push_back(from == std::string::npos ? "" : cell.substr(from, to - from + 1));
  }
  return cells;
}

double number_of(const std::string& text, const std::string& origin, int line) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(), "{}:{}: '{}' is not a number",
          origin, line, text);
  return value;
}

/// `# name = value`.
void read_note(const std::string& line, const std::string& origin, int number, Measurements& data) {
  const auto equal = line.find('=');
  if (equal == std::string::npos) return;
  const auto trim = [](std::string text) {
    const auto from = text.find_first_not_of(" #\t\r"), to = text.find_last_not_of(" \t\r");
    return from == std::string::npos ? std::string() : text.substr(from, to - from + 1);
  };
  const std::string name = trim(line.substr(0, equal)), value = trim(line.substr(equal + 1));
  if (name == "noise_thermal")
    data.noise.thermal = number_of(value, origin, number);
  else if (name == "noise_shot")
    data.noise.shot = number_of(value, origin, number);
  else if (name == "noise_relative")
    data.noise.relative = number_of(value, origin, number);
  else
    data.notes[name] = value;
}

struct Columns {
  std::size_t heaters = 0, ports = 0;
};
Columns read_header(const std::vector<std::string>& names, const std::string& origin, int line) {
  require(names.size() > 4 && names[0] == "setting" && names[1] == "input",
          "{}:{}: the first line must name the columns: setting,input,v0,...,p0,...", origin, line);
  Columns columns;
  for (std::size_t i = 2; i < names.size(); ++i) {
    const bool is_voltage = names[i] == fmt::format("v{}", columns.heaters) && columns.ports == 0;
    const bool is_power = names[i] == fmt::format("p{}", columns.ports);
    require(is_voltage || is_power,
            "{}:{}: column '{}' is out of order (expected v0, v1, ..., p0, "
            "p1, ...; swapped columns?)",
            origin, line, names[i]);
    ++(is_voltage ? columns.heaters : columns.ports);
  }
  require(columns.heaters > 0 && columns.ports > 1, "{}:{}: no voltages or no powers", origin,
          line);
  return columns;
}

}  // namespace

void write_measurements(const std::string& path, const Measurements& data) {
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
  for (const auto& [name, text] : data.notes) file.attributes["note_" + name] = text;
  write_labelled(path, file);
}

Measurements parse_measurements_csv(const std::string& text, const std::string& origin) {
  Measurements data;
  std::stringstream stream(text);
  std::string line;
  Columns columns;
  int number = 0, inputs = 0;
  long row = 0;
  while (std::getline(stream, line)) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (line[0] == '#') {
      read_note(line, origin, number, data);
      continue;
    }
    const std::vector<std::string> cells = split(line);
    if (columns.ports == 0) {
      columns = read_header(cells, origin, number);
      inputs = static_cast<int>(columns.ports);
      continue;
    }
    require(cells.size() == 2 + columns.heaters + columns.ports, "{}:{}: {} values for {} columns",
            origin, number, cells.size(), 2 + columns.heaters + columns.ports);
    std::vector<double> values;
    for (const std::string& cell : cells) values.push_back(number_of(cell, origin, number));
    require(values[0] == static_cast<double>(row / inputs) &&
                values[1] == static_cast<double>(row % inputs),
            "{}:{}: expected setting {} and input {} (every setting lists all {} ports in order)",
            origin, number, row / inputs, row % inputs, inputs);
    const auto volts = values.begin() + 2,
               powers = volts + static_cast<std::ptrdiff_t>(columns.heaters);
    if (row % inputs == 0) data.voltages.insert(data.voltages.end(), volts, powers);
    require(std::equal(volts, powers,
                       data.voltages.end() - static_cast<std::ptrdiff_t>(columns.heaters)),
            "{}:{}: the voltages change within setting {}", origin, number, row / inputs);
    data.readings.insert(data.readings.end(), powers, values.end());
    ++row;
  }
  require(columns.ports > 0 && row > 0 && row % inputs == 0,
          "{}: {} rows of readings (a whole setting has {})", origin, row, inputs);
  data.settings = static_cast<int>(row / inputs);
  data.inputs = single_ports(inputs);
  return data;
}

Measurements read_measurements(const std::string& path) {
  if (path.size() > 4 && path.substr(path.size() - 4) == ".csv") {
    std::ifstream in(path);
    require(in.good(), "{}: cannot be read", path);
    std::stringstream text;
    text << in.rdbuf();
    return parse_measurements_csv(text.str(), path);
  }
  const Labelled file = read_labelled(path);
  Measurements data;
  data.settings = static_cast<int>(length_of(file, path, "setting"));
  const std::size_t heaters = length_of(file, path, "heater");
  data.inputs.count = static_cast<int>(length_of(file, path, "input"));
  data.inputs.ports = static_cast<int>(length_of(file, path, "port"));
  data.voltages = values_of<double>(file, path, "voltage");
  data.readings = values_of<double>(file, path, "power");
  const auto& re = values_of<double>(file, path, "field_re");
  const auto& im = values_of<double>(file, path, "field_im");
  for (std::size_t i = 0; i < re.size(); ++i) data.inputs.fields.emplace_back(re[i], im[i]);
  if (file.variable("monitor") != nullptr) data.monitor = values_of<double>(file, path, "monitor");
  data.noise.thermal = number_attribute(file, "noise_thermal", data.noise.thermal);
  data.noise.shot = number_attribute(file, "noise_shot", data.noise.shot);
  data.noise.relative = number_attribute(file, "noise_relative", data.noise.relative);
  data.sweeps = sweeps_of(file, path, heaters);
  for (const auto& [name, value] : file.attributes)
    if (name.rfind("note_", 0) == 0 && std::holds_alternative<std::string>(value))
      data.notes[name.substr(5)] = std::get<std::string>(value);
  return data;
}

Tree device_card(const ChipShape& shape, std::span<const double> parameters,
                 std::span<const double> sigma) {
  Tree card = Tree::mapping();
  card.at_or_add("kind") = Tree::of(std::string("calibrated-mesh"));
  card.at_or_add("modes") = Tree::of(static_cast<double>(shape.ports()));
  for (int k = 0; k < kinds; ++k) {
    const Kind kind = static_cast<Kind>(k);
    Tree values = Tree::list(), deviations = Tree::list();
    for (int i = 0; i < shape.parameters.count(kind); ++i) {
      const auto p = static_cast<std::size_t>(shape.parameters.at(kind, i));
      values.items.push_back(Tree::of(parameters[p]));
      deviations.items.push_back(Tree::of(sigma.empty() ? 0.0 : sigma[p]));
    }
    Tree& section = card.at_or_add(kind_name(kind));
    section.at_or_add("unit") = Tree::of(std::string(kind_unit(kind)));
    section.at_or_add("values") = std::move(values);
    section.at_or_add("sigma") = std::move(deviations);
  }
  return card;
}

std::vector<double> parameters_of_card(const ChipShape& shape, const Tree& card) {
  std::vector<double> parameters(static_cast<std::size_t>(shape.parameters.size()));
  for (int k = 0; k < kinds; ++k) {
    const Kind kind = static_cast<Kind>(k);
    const Tree* section = card.find(kind_name(kind));
    const Tree* values = section != nullptr ? section->find("values") : nullptr;
    require(values != nullptr, "{}: no '{}.values' (not the card of a calibrated mesh)",
            card.origin, kind_name(kind));
    require(static_cast<int>(values->items.size()) == shape.parameters.count(kind),
            "{}: '{}' has {} values, a mesh of {} ports has {}", card.origin, kind_name(kind),
            values->items.size(), shape.ports(), shape.parameters.count(kind));
    for (std::size_t i = 0; i < values->items.size(); ++i)
      parameters[static_cast<std::size_t>(shape.parameters.first(kind)) + i] =
          number_of(values->items[i].scalar, card.origin, 0);
  }
  return parameters;
}

}  // namespace lightloom::calibration
