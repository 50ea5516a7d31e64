#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Laws of rings, heaters and thermal crosstalk on plain numbers.
void bind_devices(pybind11::module_& module);

}  // namespace lightloom::python
