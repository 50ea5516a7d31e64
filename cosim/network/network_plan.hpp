#pragma once

#include "cosim/network/layer_plans.hpp"
#include "cosim/network/residency.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "cosim/visits/layer_plan.hpp"

namespace lightloom::cosim {

/// All layers of a cost input planned in order, and the input of the schedule.
struct NetworkPlan {
  SharedPlans layers;
  TimePiece first_access;  // latency of the very first, a piece of the first layer
  ScheduleInput schedule;
};

/// Plans the layers of the context's input. Ways must be reload or regenerate (choose_ways and
/// expand_layers have done their work). `plans`: of the context. `residency`: layers whose stored
/// words are on chip already.
NetworkPlan plan_network(const CostContext& context, LayerPlans& plans,
                         const Residency& residency = {});

}  // namespace lightloom::cosim
