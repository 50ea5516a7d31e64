#include "cosim/cost/cost_simulation.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "cosim/cost/best_plan.hpp"

namespace lightloom::cosim {
namespace {

/// The first batch of a stream, and what its later ones are planned with.
struct Stream {
  const ReadyLayers& ready;
  CostContext& context;
  PlanMemory& memory;
  const BestPlan& cold;
};

/// A later batch that finds its weights in the weight buffer as far as they fit there.
CostReport from_weight_buffer(const Stream& stream) {
  const NetworkPlan& cold = stream.cold.plan;
  const Residency residency =
      resident_layers(stream.ready.input, cold.layers, cold.schedule.places.weights, cold.here);
  if (residency.bytes <= 0) return stream.cold.report;
  NetworkPlan later = plan_network(stream.context, stream.memory.layers, residency);
  later.schedule.order = cold.schedule.order;
  const ScheduleResult& run = stream.memory.run_of(later);
  return report_on(stream.ready, {stream.context, later, residency}, run);
}

/// Later batches that find all weights on the cores: with the first one's cores and copies, or with
/// all cores and no copies. As many as there are.
std::vector<CostReport> from_cores(const Stream& stream) {
  std::int64_t least_visits = 0;
  for (const auto& layer : stream.cold.plan.layers)
    least_visits += static_cast<std::int64_t>(layer->visits.size()) / layer->replicas;
  if (least_visits > stream.ready.input.schedule.cores) return {};
  const Residency residency{.stays = {}, .on_cores = true};
  std::vector<CostReport> reports;
  PlanChoice all = stream.cold.choice;
  all.cores = stream.ready.input.schedule.cores;
  all.replicate = false;
  for (const PlanChoice& choice : {stream.cold.choice, all}) {
    stream.context.choice = choice;
    NetworkPlan later = plan_network(stream.context, stream.memory.layers, residency);
    if (!tiles_have_cores(stream.context, later.layers)) continue;
    const ScheduleResult& run = stream.memory.run_of(later);
    reports.push_back(report_on(stream.ready, {stream.context, later, residency}, run));
  }
  return reports;
}

}  // namespace

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
  CostContext context(ready.input, memory.figures_of(ready.input));
  memory.layers.turn_to(ready.input);
  const BestPlan cold = best_plan(ready, context, memory);
  const Stream stream{ready, context, memory, cold};
  StreamReport reports{.first = cold.report, .steady = from_weight_buffer(stream)};
  const auto cost = [&](const CostReport& report) {
    return std::pair{objective_cost(report, ready.input.schedule.objective), report.energy_J()};
  };
  for (CostReport& report : from_cores(stream))
    if (cost(report) < cost(reports.steady)) reports.steady = std::move(report);
  return reports;
}

}  // namespace lightloom::cosim
