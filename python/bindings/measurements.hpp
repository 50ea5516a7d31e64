#pragma once

#include <pybind11/pybind11.h>

#include <lightloom/calibration/measurement/measurements.hpp>
#include <vector>

namespace lightloom::python {

/// Sweeps of single heaters as dicts: heater, input, output, base_V, volts, readings.
pybind11::list sweeps_for_python(const std::vector<calibration::Sweep>& sweeps);

/// What a laboratory hands over, from arrays and back.
void bind_measurements(pybind11::module_& module);

}  // namespace lightloom::python
