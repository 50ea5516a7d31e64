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

/// Schedules a plan and adds up what it costs.
CostReport report_on(const ReadyLayers& ready, const PlannedNetwork& planned);

}  // namespace lightloom::cosim
