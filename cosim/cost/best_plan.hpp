#pragma once

#include "cosim/cost/network_report.hpp"
#include "cosim/cost/plan_memory.hpp"

namespace lightloom::cosim {

/// A plan and what it costs. Its schedule may have no tiles yet (fill_schedule).
struct BestPlan {
  PlanChoice choice;
  NetworkPlan plan;
  CostReport report;
};

/// What a report costs by the card's objective: ns, J or their product.
double objective_cost(const CostReport& report, Objective objective);

/// The plan whose whole schedule costs least by the card's objective, the one with less energy
/// among equals. What is there may be left unused: stored layers come as weights or as device
/// settings (comes_as_settings); cores beyond a layer's tiles hold copies or none; all cores get
/// tiles, or half of them, a quarter, ... one. Chosen one after the other, without what is far off:
/// what that misses is within half a percent. Leaves the choice in `context`. `memory`:
/// turned to the layers of `ready`. Throws `Error` where
/// a buffer cannot hold one tile in any of these ways.
BestPlan best_plan(const ReadyLayers& ready, CostContext& context, PlanMemory& memory);

}  // namespace lightloom::cosim
