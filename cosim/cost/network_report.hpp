#pragma once

#include "cosim/cost/ready_layers.hpp"
#include "cosim/layers/cost_report.hpp"
#include "cosim/network/network_plan.hpp"
#include "cosim/network/residency.hpp"

namespace lightloom::cosim {

/// A plan, the context it was made in, and what is on chip before it starts.
struct PlannedNetwork {
  const CostContext& context;
  const NetworkPlan& plan;
  const Residency& residency;
};

/// Adds up what a plan costs; `run`: its schedule.
CostReport report_on(const ReadyLayers& ready, const PlannedNetwork& planned,
                     const ScheduleResult& run);

}  // namespace lightloom::cosim
