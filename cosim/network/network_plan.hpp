#pragma once

#include "cosim/network/layer_plans.hpp"
#include "cosim/network/residency.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "cosim/visits/layer_plan.hpp"

namespace lightloom::cosim {

/// All layers of a cost input planned in order, and the input of the schedule, which has no tiles
/// before they are asked for (fill_schedule): of many plans nobody asks.
struct NetworkPlan {
  SharedPlans layers;
  HereWords here;          // in the weight buffer
  TimePiece first_access;  // latency of the very first, a piece of the first layer
  ScheduleInput schedule;
};

/// Plans the layers of the context's input, without the tiles of their schedule. Ways must be
/// reload or regenerate (choose_ways and expand_layers have done their work). `plans`: of the
/// context. `residency`: layers whose stored words are on chip already.
NetworkPlan plan_network(const CostContext& context, LayerPlans& plans,
                         const Residency& residency = {});

/// Appends the tiles of all layers to the plan's schedule, if they are not there yet.
const ScheduleInput& fill_schedule(NetworkPlan& plan);

}  // namespace lightloom::cosim
