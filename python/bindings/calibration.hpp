#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Chips from measurements.
void bind_calibration(pybind11::module_& module);

}  // namespace lightloom::python
