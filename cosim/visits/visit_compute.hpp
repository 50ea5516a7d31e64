#pragma once

#include "cosim/visits/visit.hpp"

namespace lightloom::cosim {

/// Writing the device settings of a tile and letting them settle.
VisitCost program(const LayerSetup& setup);

/// Streaming the visit's input vectors through the core, with the buffer they come from and the
/// partial sums they leave.
VisitCost compute(const LayerSetup& setup, const Visit& visit);

/// Normalisation, activation functions, pooling and sums, on the share of the results that the
/// visit finishes.
VisitCost post_process(const LayerSetup& setup, const Visit& visit);

}  // namespace lightloom::cosim
