#include "measurements.hpp"

#include <pybind11/stl.h>

#include <cmath>
#include <lightloom/core/error.hpp>
#include <span>
#include <utility>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/trees.hpp"

namespace lightloom::python {
namespace {

using namespace lightloom::calibration;

/// Squares and fourth powers of what is measured must stay numbers.
template <class Number>
void refuse_giants(std::span<const Number> values, const char* name) {
  constexpr double most = 1e12;
  for (const Number& value : values)
    require(std::abs(value) <= most,
            "{} hold a number beyond {} (in volts, and units of full scale)", name, most);
}

/// Voltages (settings, heaters), readings (settings, inputs, ports), fields (inputs, ports).
Measurements measured(const py::buffer& voltages, const py::buffer& readings,
                      const py::buffer& fields) {
  const View<double> volts = view_of<double>(voltages, "voltages_V", 2);
  const View<double> powers = view_of<double>(readings, "readings", 3);
  const View<std::complex<double>> light = view_of<std::complex<double>>(fields, "fields", 2);
  require(volts.size(0) == powers.size(0) && volts.size(0) > 0,
          "voltages_V has {} settings and readings have {} (as many, and at least one)",
          volts.size(0), powers.size(0));
  require(powers.size(1) == light.size(0) && powers.size(2) == light.size(1),
          "readings are {} x {} a setting (fields say {} inputs of {} ports)", powers.size(1),
          powers.size(2), light.size(0), light.size(1));
  refuse_giants(volts.values, "voltages_V");
  refuse_giants(powers.values, "readings");
  refuse_giants(light.values, "fields");
  Measurements data;
  data.inputs = {.count = whole(light.size(0), "inputs", 1),
                 .ports = whole(light.size(1), "ports", 1),
                 .fields = {light.values.begin(), light.values.end()}};
  data.settings = whole(volts.size(0), "settings", 1);
  data.voltages.assign(volts.values.begin(), volts.values.end());
  data.readings.assign(powers.values.begin(), powers.values.end());
  return data;
}

void set_monitor(Measurements& data, const py::buffer& buffer) {
  std::vector<double> monitor = copy_of<double>(buffer, "monitor", 1);
  require(monitor.size() == static_cast<std::size_t>(data.settings),
          "monitor has {} values (there are {} settings)", monitor.size(), data.settings);
  data.monitor = std::move(monitor);
}

void add_sweep(Measurements& data, const py::dict& given) {
  const auto part = [&](const char* key) {
    require(given.contains(key), "a sweep has no '{}'", key);
    return py::object(given[key]);
  };
  const auto numbers = [&](const char* key) {
    return copy_of<double>(py::cast<py::buffer>(part(key)), key, 1);
  };
  const auto number = [&](const char* key, int below) {
    const auto value = py::cast<std::int64_t>(part(key));
    require(value >= 0 && value < below, "a sweep's {} is {} but must be 0 to {}", key, value,
            below - 1);
    return static_cast<int>(value);
  };
  const auto heaters = data.voltages.size() / static_cast<std::size_t>(data.settings);
  Sweep sweep{.heater = number("heater", static_cast<int>(heaters)),
              .input = number("input", data.inputs.ports),
              .output = number("output", data.inputs.ports),
              .base_V = numbers("base_V"),
              .volts = numbers("volts"),
              .readings = numbers("readings")};
  require(sweep.base_V.size() == heaters, "a sweep's base_V has {} numbers (there are {} heaters)",
          sweep.base_V.size(), heaters);
  require(sweep.volts.size() == sweep.readings.size(),
          "a sweep has {} volts and {} readings (they must be as many)", sweep.volts.size(),
          sweep.readings.size());
  for (const auto* list : {&sweep.base_V, &sweep.volts, &sweep.readings})
    refuse_giants(std::span<const double>(*list), "the numbers of a sweep");
  data.sweeps.push_back(std::move(sweep));
}

/// Settings of both, sweeps of both; the noise model and notes of the first.
Measurements joined(const Measurements& first, const Measurements& second) {
  require(first.inputs.count == second.inputs.count && first.inputs.ports == second.inputs.ports &&
              first.inputs.fields == second.inputs.fields,
          "the two measurements light the chip differently");
  require(first.monitor.empty() == second.monitor.empty(),
          "one of the measurements has monitor values and the other has none");
  require(first.voltages.size() / static_cast<std::size_t>(first.settings) ==
              second.voltages.size() / static_cast<std::size_t>(second.settings),
          "the two measurements are of chips with different numbers of heaters");
  Measurements both = first;
  const auto append = [](auto& list, const auto& more) {
    list.insert(list.end(), more.begin(), more.end());
  };
  both.settings += second.settings;
  append(both.voltages, second.voltages);
  append(both.readings, second.readings);
  append(both.monitor, second.monitor);
  append(both.sweeps, second.sweeps);
  return both;
}

}  // namespace

py::list sweeps_for_python(const std::vector<Sweep>& sweeps) {
  py::list list;
  for (const Sweep& sweep : sweeps) {
    py::dict one;
    one["heater"] = sweep.heater;
    one["input"] = sweep.input;
    one["output"] = sweep.output;
    one["base_V"] = array_of(sweep.base_V);
    one["volts"] = array_of(sweep.volts);
    one["readings"] = array_of(sweep.readings);
    list.append(one);
  }
  return list;
}

void bind_measurements(py::module_& module) {
  py::class_<Measurements>(module, "Measurements")
      .def(py::init(&measured))
      .def_readonly("settings", &Measurements::settings)
      .def_readwrite("notes", &Measurements::notes)
      .def_property_readonly("voltages",
                             [](const Measurements& data) {
                               const auto rows = static_cast<py::ssize_t>(data.settings);
                               return array_of(
                                   data.voltages,
                                   {rows, static_cast<py::ssize_t>(data.voltages.size()) / rows});
                             })
      .def_property_readonly(
          "readings",
          [](const Measurements& data) {
            return array_of(data.readings, {data.settings, data.inputs.count, data.inputs.ports});
          })
      .def_property_readonly("monitor",
                             [](const Measurements& data) { return array_of(data.monitor); })
      .def_property_readonly(
          "sweeps", [](const Measurements& data) { return sweeps_for_python(data.sweeps); })
      .def("set_monitor", set_monitor)
      .def("set_noise",
           [](Measurements& data, const Tree& tree) {
             data.noise = about_a_card([&] { return read_card<NoiseModel>(tree); });
           })
      .def("add_sweep", add_sweep)
      .def("copy", [](const Measurements& data) { return data; })
      .def("joined", joined);
}

}  // namespace lightloom::python
