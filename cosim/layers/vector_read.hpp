#pragma once

#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// Time and energy of one vector of positive inputs through a whole tile, with all outputs
/// converted: symbols with their modulators, receivers and converters, what a phase and a product
/// cost beside them, and the laser while it lasts.
struct VectorRead {
  double ns = 0, pJ = 0;
};
VectorRead vector_read(const photonic::CoreDescription& core);

}  // namespace lightloom::cosim
