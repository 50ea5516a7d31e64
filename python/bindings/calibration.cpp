#include "calibration.hpp"

#include <pybind11/stl.h>

#include <cmath>
#include <lightloom/calibration/calibrate.hpp>
#include <lightloom/calibration/calibration_card.hpp>
#include <lightloom/calibration/laboratory/heater_sweeps.hpp>
#include <lightloom/calibration/model/device_card.hpp>
#include <lightloom/calibration/next_measurement.hpp>
#include <lightloom/calibration/programming/voltages.hpp>
#include <lightloom/core/error.hpp>
#include <numbers>
#include <optional>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/progress.hpp"
#include "base/trees.hpp"
#include "measurements.hpp"

namespace lightloom::python {
namespace {

using namespace lightloom::calibration;
using lightloom::calibration::program;

/// A virtual chip in its laboratory.
struct Laboratory {
  HiddenChip hidden;
  VirtualChip chip;

  explicit Laboratory(HiddenChip made)
      : hidden(std::move(made)),
        chip(hidden.shape, hidden.parameters, hidden.card.laboratory, {hidden.card.seed}) {}
};

std::vector<double> voltages_of(const py::buffer& buffer, const ChipShape& shape, int& settings) {
  const View<double> view = view_of<double>(buffer, "voltages_V", 2);
  require(view.size(1) == shape.heater_count(),
          "voltages_V has {} columns (the chip has {} heaters)", view.size(1),
          shape.heater_count());
  settings = whole(view.size(0), "settings", 1);
  return {view.values.begin(), view.values.end()};
}

Measurements measure_virtual(Laboratory& laboratory, const py::buffer& buffer) {
  int settings = 0;
  const std::vector<double> voltages = voltages_of(buffer, laboratory.hidden.shape, settings);
  const py::gil_scoped_release released;
  Measurements data =
      measure(laboratory.chip, voltages, single_ports(laboratory.hidden.shape.ports()));
  add_notes(laboratory.hidden.card.chip, data);
  return data;
}

/// Every heater swept alone.
py::tuple sweep_virtual(Laboratory& laboratory) {
  const CalibrationCard& card = laboratory.hidden.card;
  SweepRun run = long_call(py::none(), [&](ProgressSink&) {
    const double pi_voltage = card.chip.pi_voltage_V;
    return sweep_heaters(laboratory.hidden.shape, instrument_of(laboratory.chip),
                         {.max_voltage_V = card.laboratory.max_voltage_V,
                          .gamma = std::numbers::pi / (pi_voltage * pi_voltage),
                          .seed = card.seed});
  });
  return py::make_tuple(sweeps_for_python(run.sweeps), run.problems);
}

Array random_settings(const Laboratory& laboratory, std::int64_t settings, std::uint64_t seed) {
  const ChipShape& shape = laboratory.hidden.shape;
  const int count = whole(settings, "settings", 1);
  return array_of(
      random_voltages(shape, count, laboratory.hidden.card.laboratory.max_voltage_V, seed),
      {count, shape.heater_count()});
}

/// A calibrated (or hidden) chip: its parameters, and how well they are known.
struct Device {
  DeviceFile file;
};

/// Values and standard deviations by the short names of the kinds of parameters.
py::dict parameters_of(const Device& device) {
  const ParameterLayout& layout = device.file.shape.parameters;
  py::dict dict;
  for (int k = 0; k < kinds; ++k) {
    const auto kind = static_cast<ParameterKind>(k);
    const auto first = static_cast<std::ptrdiff_t>(layout.first(kind)),
               count = static_cast<std::ptrdiff_t>(layout.count(kind));
    if (count == 0) continue;
    const auto part = [&](const std::vector<double>& all) {
      return all.empty()
                 ? array_of(std::vector<double>(static_cast<std::size_t>(count)))
                 : array_of(std::vector<double>(all.begin() + first, all.begin() + first + count));
    };
    py::dict one;
    one["value"] = part(device.file.parameters);
    one["sigma"] = part(device.file.sigma);
    one["unit"] = kind_unit(kind);
    dict[kind_name(kind)] = one;
  }
  return dict;
}

ComplexMatrix target_of(const py::buffer& buffer) {
  const View<std::complex<double>> view = view_of<std::complex<double>>(buffer, "U", 2);
  return {.rows = whole(view.size(0), "the rows of U", 1),
          .columns = whole(view.size(1), "the columns of U", 1),
          .values = {view.values.begin(), view.values.end()}};
}

py::dict program_device(const Device& device, const py::buffer& matrix,
                        const ProgrammingOptions& options) {
  const ComplexMatrix target = target_of(matrix);
  const ChipShape& shape = device.file.shape;
  ProgrammedMatrix made;
  double error = 0;
  {
    const py::gil_scoped_release released;
    made = program(shape, device.file.parameters, target, options);
    error = error_up_to_port_phases(
        realised_matrix(shape, device.file.parameters, made.set.voltages), made.target);
  }
  py::dict dict;
  dict["voltages_V"] = array_of(std::move(made.set.voltages));
  dict["out_of_range"] = made.set.out_of_range;
  dict["unreachable"] = made.set.unreachable;
  dict["rounded"] = made.rounded;
  dict["expected_error"] = error;
  return dict;
}

Array matrix_at(const Device& device, const py::buffer& buffer) {
  const std::vector<double> voltages = copy_of<double>(buffer, "voltages_V", 1);
  const ChipShape& shape = device.file.shape;
  require(voltages.size() == static_cast<std::size_t>(shape.heater_count()),
          "voltages_V has {} numbers (the chip has {} heaters)", voltages.size(),
          shape.heater_count());
  photonic::SquareMatrix matrix = realised_matrix(shape, device.file.parameters, voltages);
  return array_of(std::move(matrix.values), {matrix.size, matrix.size});
}

py::dict design(const Device& device, const NextMeasurement& wanted) {
  require(wanted.settings <= 1000 && wanted.candidates <= 10000,
          "settings and candidates are {} and {} (at most 1000 and 10000)", wanted.settings,
          wanted.candidates);
  require(wanted.candidates >= wanted.settings, "candidates are {}, fewer than the {} settings",
          wanted.candidates, wanted.settings);
  const NextSettings next =
      long_call(py::none(), [&](ProgressSink&) { return next_settings(device.file, wanted); });
  std::vector<double> voltages;
  for (const int chosen : next.design.chosen) {
    const auto row = next.candidates.voltages_of(chosen);
    voltages.insert(voltages.end(), row.begin(), row.end());
  }
  const auto shrink = [&](double log_det) { return std::exp(-0.5 * log_det / next.unknowns); };
  py::dict dict;
  dict["voltages_V"] = array_of(
      std::move(voltages),
      {static_cast<py::ssize_t>(next.design.chosen.size()), device.file.shape.heater_count()});
  dict["gain"] = array_of(next.design.gain);
  dict["unknowns"] = next.unknowns;
  dict["mean_shrink"] = shrink(next.design.log_det);
  dict["mean_shrink_random"] = shrink(next.log_det_random);
  return dict;
}

py::dict held_out_of(const HeldOut& held) {
  py::dict dict;
  dict["readings"] = held.readings;
  dict["rms"] = held.rms;
  dict["expected_rms"] = held.expected_rms;
  dict["chi2_per_reading"] = held.chi2_per_reading;
  return dict;
}

/// A device fitted to data, and what is to be said of the fit.
py::tuple fit(const Measurements& data, const Tree& tree, const std::optional<Device>& start) {
  const CalibrationCard card = about_a_card([&] { return card_for(data, tree); });
  const ChipShape shape = chip_shape(card.chip);
  std::vector<double> from;
  if (start) from = start->file.parameters;
  require(from.empty() || from.size() == static_cast<std::size_t>(shape.parameters.size()),
          "start is a chip of another shape");
  const Calibration found =
      long_call(py::none(), [&](ProgressSink&) { return calibrate(shape, data, card.fit, from); });
  py::dict about;
  about["converged"] = found.fit.converged;
  about["chi2_per_dof"] = found.fit.chi2_per_dof();
  about["readings"] = found.fit.readings;
  about["outliers"] = found.fit.outliers;
  about["free_parameters"] = found.fit.free.size();
  about["unknowns"] = found.visibility.unknowns;
  about["rank"] = found.visibility.rank;
  about["held_out"] = held_out_of(found.fit.held_out);
  about["warnings"] = found.warnings;
  about["notes"] = found.fit.notes;
  about["needed"] = found.needed;
  return py::make_tuple(Device{{shape, found.fit.parameters, found.fit.sigma}}, about);
}

void bind_laboratory(py::module_& module) {
  py::class_<Laboratory>(module, "Laboratory")
      .def(py::init([](const Tree& tree) {
        return Laboratory(about_a_card([&] { return hidden_chip(tree); }));
      }))
      .def_property_readonly("ports",
                             [](const Laboratory& lab) { return lab.hidden.shape.ports(); })
      .def_property_readonly("heaters",
                             [](const Laboratory& lab) { return lab.hidden.shape.heater_count(); })
      .def_property_readonly(
          "max_voltage_V",
          [](const Laboratory& lab) { return lab.hidden.card.laboratory.max_voltage_V; })
      .def("measure", measure_virtual)
      .def("sweep", sweep_virtual)
      .def("random_voltages", random_settings)
      .def("truth", [](const Laboratory& lab) {
        return Device{{lab.hidden.shape, lab.hidden.parameters, {}}};
      });
}

}  // namespace

void bind_calibration(py::module_& module) {
  bind_measurements(module);
  py::class_<Device>(module, "Device")
      .def(py::init(
          [](const Tree& tree) { return Device{about_a_card([&] { return device_of(tree); })}; }))
      .def_property_readonly("ports",
                             [](const Device& device) { return device.file.shape.ports(); })
      .def_property_readonly("heaters",
                             [](const Device& device) { return device.file.shape.heater_count(); })
      .def("parameters", parameters_of)
      .def("card",
           [](const Device& device) {
             return device_card(device.file.shape, device.file.parameters, device.file.sigma);
           })
      .def("matrix", matrix_at)
      .def("program",
           [](const Device& device, const py::buffer& matrix, double max_voltage_V,
              const std::string& target, double tolerance) {
             return program_device(device, matrix,
                                   {.max_voltage_V = max_voltage_V,
                                    .nearest = target == "nearest",
                                    .tolerance = tolerance});
           })
      .def("design", [](const Device& device, std::int64_t settings, std::int64_t candidates,
                        double max_voltage_V, std::uint64_t seed) {
        return design(device, {.settings = whole(settings, "settings", 1),
                               .candidates = whole(candidates, "candidates", 1),
                               .max_voltage_V = max_voltage_V,
                               .seed = seed});
      });
  bind_laboratory(module);
  module.def("fit", fit);
}

}  // namespace lightloom::python
