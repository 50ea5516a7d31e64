#pragma once

#include <pybind11/pybind11.h>

#include <lightloom/core/files/labelled.hpp>

namespace lightloom::python {

/// Labelled arrays for Python: {"axes": [(name, values, unit, long name)], "variables": [(name,
/// axes, shape, values, unit, long name)], "attributes": {}}. Values are `Array`s of the right
/// shape, without a copy, or lists of texts.
pybind11::dict parts_of(Labelled data);

}  // namespace lightloom::python
