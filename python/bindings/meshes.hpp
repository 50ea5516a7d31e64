#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// Decompositions of matrices into meshes, random unitaries.
void bind_meshes(pybind11::module_& module);

}  // namespace lightloom::python
