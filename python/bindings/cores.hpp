#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <lightloom/nn/graph/layer_shape.hpp>
#include <lightloom/photonic/cores/core_card.hpp>
#include <lightloom/photonic/cores/tensor_core.hpp>
#include <memory>

#include "base/arrays.hpp"

namespace lightloom::python {

/// A core and the seed of its chips.
struct Core {
  photonic::CoreCard card;
  std::shared_ptr<const photonic::TensorCore> core;
  std::uint64_t seed = 0;
};

/// Which chip, which of its layers, and how often it was written before.
struct Place {
  std::uint32_t chip = 0, layer = 0, write = 0;
};

/// What realising weights came to, as a dict.
py::dict report_of(const photonic::RealisationReport& report);

/// A matrix (outputs, inputs) as a layer. Throws `Error` for an empty one.
nn::LayerShape shape_of(const View<float>& weights);

/// Tensor cores and what chips make of weights.
void bind_cores(pybind11::module_& module);

}  // namespace lightloom::python
