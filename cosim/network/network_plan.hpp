#pragma once

#include <vector>

#include "cosim/network/residency.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "cosim/visits/layer_plan.hpp"

namespace lightloom::cosim {

/// All layers of a cost input planned in order, and the input of the schedule. The latency of the
/// very first access is a piece of the first layer, and in the schedule's times alone.
struct NetworkPlan {
  std::vector<LayerPlan> layers;
  ScheduleInput schedule;
};

/// Plans the layers of the context's input. Ways must be reload or regenerate (choose_ways and
/// expand_layers have done their work). `residency`: layers whose stored words are on chip already.
NetworkPlan plan_network(const CostContext& context, const Residency& residency = {});

}  // namespace lightloom::cosim
