#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Products of activations with activations on a chip whose core modulates both.
void bind_products(pybind11::module_& module);

}  // namespace lightloom::python
