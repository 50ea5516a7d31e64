#include "cosim/studies/dram_replay.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cosim/cost/best_plan.hpp"

namespace lightloom::cosim {
namespace {

std::array<std::pair<Stage, double>, 3> by_stage(const VisitBursts& bursts) {
  return {{{Stage::fetch_weights, bursts.weights},
           {Stage::fetch_inputs, bursts.inputs},
           {Stage::write_back, bursts.outputs}}};
}

struct Timeline {
  std::vector<DramJob> jobs;
  double total_ns = 0;
};

Timeline timeline_of(const CostInput& input) {
  const ReadyLayers ready = ready_layers(input);
  CostContext context(ready.input);
  PlanMemory memory;
  memory.layers.turn_to(ready.input);
  NetworkPlan plan = best_plan(ready, context, memory).plan;
  const ScheduleResult run = run_schedule(fill_schedule(plan));
  const double atom = input.memory.dram.organization.atom_bytes();
  Timeline timeline{.total_ns = run.total};
  std::size_t visit = 0;
  for (const auto& layer : plan.layers)
    for (const VisitBursts& of_visit : bursts_by_visit(*layer)) {
      for (const auto& [stage, bursts] : by_stage(of_visit)) {
        if (bursts <= 0) continue;
        const double start = run.ends[visit][stage] - plan.schedule.tiles[visit][stage];
        timeline.jobs.push_back({start, bursts * atom, stage});
      }
      ++visit;
    }
  std::stable_sort(timeline.jobs.begin(), timeline.jobs.end(),
                   [](const DramJob& a, const DramJob& b) { return a.start_ns < b.start_ns; });
  return timeline;
}

}  // namespace

std::vector<DramJob> dram_jobs(const CostInput& input) { return timeline_of(input).jobs; }

DramReplay replay_dram(const CostInput& input) {
  const memory::DramCard& card = input.memory.dram;
  const Timeline timeline = timeline_of(input);
  const auto atom = static_cast<std::uint64_t>(card.organization.atom_bytes());
  const std::uint64_t region = static_cast<std::uint64_t>(card.organization.bytes()) / 4;
  EnumArray<Stage, std::uint64_t> next;
  std::vector<memory::Request> requests;
  for (const DramJob& job : timeline.jobs) {
    const std::uint64_t base = job.stage == Stage::fetch_weights  ? 0
                               : job.stage == Stage::fetch_inputs ? region
                                                                  : 2 * region;
    for (double bytes = 0; bytes < job.bytes; bytes += static_cast<double>(atom)) {
      requests.push_back({.address = base + next[job.stage] % region,
                          .write = job.stage == Stage::write_back,
                          .arrival = static_cast<memory::Cycle>(job.start_ns / card.clock_ns)});
      next[job.stage] += atom;
    }
  }
  const auto source = memory::make_source(std::move(requests));
  DramReplay replay{.schedule_ns = timeline.total_ns, .run = memory::run_source(card, *source)};
  replay.command_ns = replay.run.time_ns;
  return replay;
}

}  // namespace lightloom::cosim
