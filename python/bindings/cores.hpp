#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Tensor cores and what chips make of weights.
void bind_cores(pybind11::module_& module);

}  // namespace lightloom::python
