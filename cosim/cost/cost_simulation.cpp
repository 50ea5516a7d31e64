#include "cosim/cost/cost_simulation.hpp"

#include "cosim/cost/best_plan.hpp"

namespace lightloom::cosim {

CostReport simulate_cost(const CostInput& input) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  LayerPlans plans(ready.input);
  return best_plan(ready, context, plans).report;
}

StreamReport simulate_stream(const CostInput& input) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  LayerPlans plans(ready.input);
  const BestPlan cold = best_plan(ready, context, plans);
  const Residency residency =
      resident_layers(ready.input, cold.plan.layers, cold.plan.schedule.places.weights);
  StreamReport stream{.first = cold.report, .steady = cold.report};
  if (residency.bytes > 0) {
    NetworkPlan later = plan_network(context, plans, residency);
    later.schedule.order = cold.plan.schedule.order;
    stream.steady = report_on(ready, {context, later, residency});
  }
  return stream;
}

}  // namespace lightloom::cosim
