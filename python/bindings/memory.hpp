#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// DRAM and on-chip buffers.
void bind_memory(pybind11::module_& module);

}  // namespace lightloom::python
