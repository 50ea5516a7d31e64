#pragma once

#include "cosim/visits/visit.hpp"

namespace lightloom::cosim {

/// Writing the device settings of the visit's tile and letting them settle: by the lanes of the
/// programming card or, where the core has a weight path, by the transfers of that, one for the
/// tile or one for each of its rows that are used. Regenerated weights come by it too unless it
/// says that they are made beside it.
VisitCost program(const LayerSetup& setup, const Visit& visit);

/// Streaming the visit's input vectors through the core, with the buffer they come from and the
/// partial sums they leave.
VisitCost compute(const LayerSetup& setup, const Visit& visit);

/// Normalisation, activation functions, pooling and sums, on the share of the results that the
/// visit finishes.
VisitCost post_process(const LayerSetup& setup, const Visit& visit);

}  // namespace lightloom::cosim
