#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Matrices and convolutions as they stand on a chip, read through its converters.
void bind_matrices(pybind11::module_& module);

/// Products of activations with activations on a chip whose core modulates both.
void bind_products(pybind11::module_& module);

}  // namespace lightloom::python
