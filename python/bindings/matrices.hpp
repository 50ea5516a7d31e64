#pragma once

#include <pybind11/pybind11.h>

#include <lightloom/cosim/analog/analog_engine.hpp>

namespace lightloom::python {

/// What passed the converters: inputs and conversions, those that were clipped or saturated.
pybind11::dict counts_of(const cosim::AnalogCounts& counts);

/// Matrices and convolutions as they stand on a chip, read through its converters.
void bind_matrices(pybind11::module_& module);

/// Products of activations with activations on a chip whose core modulates both.
void bind_products(pybind11::module_& module);

}  // namespace lightloom::python
