#pragma once

#include <vector>

#include "cosim/layers/layer_plan.hpp"
#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// All layers of a cost input planned in order, and the input of the schedule.
struct NetworkPlan {
  std::vector<LayerPlan> layers;
  ScheduleInput schedule;
};

/// Plans the layers of the context's input. Ways must be reload or regenerate (choose_ways and
/// expand_layers have done their work).
NetworkPlan plan_network(const CostContext& context);

}  // namespace lightloom::cosim
