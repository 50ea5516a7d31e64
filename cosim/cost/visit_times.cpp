#include "cosim/cost/visit_times.hpp"

#include "cosim/cost/best_plan.hpp"
#include "cosim/schedule/timeline.hpp"

namespace lightloom::cosim {

NetworkTimes simulate_visits(const CostInput& input) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  LayerPlans plans(ready.input);
  const BestPlan best = best_plan(ready, context, plans);
  const ScheduleInput& schedule = best.plan.schedule;
  const ScheduleResult run = run_schedule(schedule);
  NetworkTimes times{
      .layers = {}, .present = present_stages(schedule), .visits = {}, .total_ns = run.total};
  std::size_t tile = 0;
  for (const LayerCost& layer : best.report.layers) {
    for (std::int64_t visit = 0; visit < layer.visits; ++visit, ++tile)
      times.visits.push_back(
          {.layer = times.layers.size(),
           .core = static_cast<int>(tile % static_cast<std::size_t>(schedule.cores)),
           .start_ns = run.starts[tile],
           .end_ns = run.ends[tile]});
    times.layers.push_back(layer.name);
  }
  return times;
}

}  // namespace lightloom::cosim
