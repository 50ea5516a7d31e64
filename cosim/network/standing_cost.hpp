#pragma once

#include <vector>

#include "cosim/layers/cost_report.hpp"
#include "cosim/visits/layer_setup.hpp"

namespace lightloom::cosim {

/// Power that flows as long as the system is on, by component, in mW. All cores of the card count,
/// those too that a plan leaves idle.
Energies static_power_mW(const CostContext& context);

/// Area of all that is there, in mm2.
std::vector<AreaPart> areas_of(const CostContext& context);

}  // namespace lightloom::cosim
