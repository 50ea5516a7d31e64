#pragma once

#include "cosim/layers/cost_input.hpp"
#include "cosim/layers/cost_report.hpp"

namespace lightloom::cosim {

/// Time, energy and area of one inference of a batch. Throws `Error` for impossible combinations.
/// Baselines go through the same function with their own streams.
CostReport simulate_cost(const CostInput& input);

/// The same, and what every later batch costs that starts when the one before has ended: what fits
/// the weight buffer is still there (cosim/network/residency.hpp). `automatic` ways are those of
/// the first batch.
StreamReport simulate_stream(const CostInput& input);

}  // namespace lightloom::cosim
