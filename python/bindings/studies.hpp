#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Whole studies of experiment cards.
void bind_studies(pybind11::module_& module);

}  // namespace lightloom::python
