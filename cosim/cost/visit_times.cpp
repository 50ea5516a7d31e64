#include "cosim/cost/visit_times.hpp"

#include "cosim/cost/best_plan.hpp"
#include "cosim/schedule/schedule_needs.hpp"

namespace lightloom::cosim {
namespace {

/// Ends less the time that each job takes; a computation that its stream ends takes the stream's.
StageTimes starts_of(const ScheduleInput& schedule, const ScheduleResult& run, std::size_t tile) {
  StageTimes starts;
  for (const Stage stage : all_of_enum<Stage>())
    starts[stage] = run.ends[tile][stage] - schedule.tiles[tile][stage];
  if (run.streamed[tile])
    starts[Stage::compute] = run.ends[tile][Stage::compute] - schedule.streams[tile];
  return starts;
}

EnumArray<Stage, bool> present_stages(const ScheduleInput& schedule) {
  const EnumArray<Stage, std::vector<Need>> needs = needs_of(schedule);
  EnumArray<Stage, bool> present;
  for (const Stage stage : all_of_enum<Stage>()) present[stage] = !needs[stage].empty();
  return present;
}

StageTimes ends_of(const ScheduleResult& run, std::size_t tile) {
  StageTimes ends;
  for (const Stage stage : all_of_enum<Stage>()) ends[stage] = run.ends[tile][stage];
  return ends;
}

}  // namespace

NetworkTimes simulate_visits(const CostInput& input) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  PlanMemory memory;
  memory.layers.turn_to(ready.input);
  BestPlan best = best_plan(ready, context, memory);
  const ScheduleInput& schedule = fill_schedule(best.plan);
  const ScheduleResult run = run_schedule(schedule);
  NetworkTimes times{
      .layers = {}, .present = present_stages(schedule), .visits = {}, .total_ns = run.total};
  std::size_t tile = 0;
  for (const LayerCost& layer : best.report.layers) {
    for (std::int64_t visit = 0; visit < layer.visits; ++visit, ++tile)
      times.visits.push_back(
          {.layer = times.layers.size(),
           .core = static_cast<int>(tile % static_cast<std::size_t>(schedule.cores)),
           .start_ns = starts_of(schedule, run, tile),
           .end_ns = ends_of(run, tile)});
    times.layers.push_back(layer.name);
  }
  return times;
}

}  // namespace lightloom::cosim
