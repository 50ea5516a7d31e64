#include "cosim/cost/cost_simulation.hpp"

#include "cosim/cost/best_plan.hpp"

namespace lightloom::cosim {

CostReport simulate_cost(const CostInput& input) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  PlanMemory memory;
  memory.layers.turn_to(ready.input);
  return best_plan(ready, context, memory).report;
}

StreamReport simulate_stream(const CostInput& input) {
  PlanMemory memory;
  return simulate_stream(input, memory);
}

StreamReport simulate_stream(const CostInput& input, PlanMemory& memory) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  memory.layers.turn_to(ready.input);
  const BestPlan cold = best_plan(ready, context, memory);
  const Residency residency =
      resident_layers(ready.input, cold.plan.layers, cold.plan.schedule.places.weights);
  StreamReport stream{.first = cold.report, .steady = cold.report};
  if (residency.bytes > 0) {
    NetworkPlan later = plan_network(context, memory.layers, residency);
    later.schedule.order = cold.plan.schedule.order;
    stream.steady = report_on(ready, {context, later, residency},
                              memory.schedule_of(later).run(later.schedule));
  }
  return stream;
}

}  // namespace lightloom::cosim
