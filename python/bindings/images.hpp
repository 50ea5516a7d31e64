#pragma once

#include <pybind11/pybind11.h>

namespace lightloom::python {

/// The images of a data set's card.
void bind_images(pybind11::module_& module);

}  // namespace lightloom::python
