#include "cosim/schedule/accounts.hpp"

#include <algorithm>
#include <utility>

#include "cosim/schedule/stage_account.hpp"

namespace lightloom::cosim {
namespace {

/// Sets the total; returns the number of the job that ends last: among equals the first of the
/// first stage.
std::int64_t find_last(ScheduleResult& r, const ScheduleInput& input, const ScheduledJobs& jobs) {
  const auto tiles = static_cast<std::int64_t>(input.tiles.size());
  Stage last = Stage::count;
  for (const Stage stage : all_of_enum<Stage>()) {
    if (!jobs.has(stage)) continue;
    const double* end = jobs.ends(stage) + tiles;  // the units' last jobs are before it
    const double latest =
        tiles > 0 ? *std::max_element(end - std::min(tiles, units_of(input, stage)), end) : -1;
    if (latest > r.total || (last == Stage::count && tiles > 0)) last = stage;
    r.total = std::max(r.total, latest);
  }
  if (last == Stage::count) return -1;
  const double* ends = jobs.ends(last);
  return JobNumber::of(last, std::find(ends, ends + tiles, r.total) - ends);
}

/// Time after each unit's last job, and the mean over units.
void add_drain(ScheduleResult& r, Stage stage, std::int64_t units) {
  StageUse& use = r.stages[stage];
  const auto tiles = static_cast<std::int64_t>(r.ends.size());
  for (std::int64_t unit = 0; unit < units; ++unit) {
    const std::int64_t k = tiles - 1 - unit;
    use.after_last += k >= 0 ? r.total - r.ends[static_cast<std::size_t>(k)][stage] : r.total;
  }
  const auto count = static_cast<double>(units);
  for (double* part : {&use.busy, &use.wait_data, &use.wait_slot, &use.wait_dependency,
                       &use.wait_shared, &use.wait_turn, &use.before_first, &use.after_last})
    *part /= count;
}

void trace_back(ScheduleResult& r, const ScheduledJobs& jobs, std::int64_t on) {
  const auto of = [&](std::int64_t n) {
    return n >= 0 ? jobs.job(JobNumber::stage(n), JobNumber::tile(n)) : Job{};
  };
  for (Job now = of(on); on >= 0;) {
    const auto tile = static_cast<std::size_t>(JobNumber::tile(on));
    const Stage stage = JobNumber::stage(on);
    const bool streams = stage == Stage::count || now.streams;
    r.critical[tile][streams ? Stage::compute : stage] = now.end - now.start;
    if (streams) r.critical_streams[tile] = true;
    const Job before = of(now.decided_by);
    const double turning = now.start - before.end;
    if (turning > 0) r.turns.push_back({JobNumber::tile(on), turning});
    r.turning += turning;
    on = now.decided_by;
    now = before;
  }
}

}  // namespace

ScheduleResult run_in_order(const ScheduleInput& input, std::span<const DramTask> tasks) {
  OrderTimes times(input);
  times.in_order(tasks);
  times.keep();
  return accounts_of(input, tasks, times);
}

ScheduleResult accounts_of(const ScheduleInput& input, std::span<const DramTask> tasks,
                           const OrderTimes& times) {
  const ScheduledJobs jobs(input, tasks, times);
  ScheduleResult r;
  std::vector<Stage> absent;
  for (const Stage stage : all_of_enum<Stage>())
    if (!jobs.has(stage)) absent.push_back(stage);
  r.ends.assign(times.ends().begin(), times.ends().end());
  for (const Stage stage : absent)
    for (TileEnds& tile : r.ends) tile[stage] = 0;
  r.critical.resize(input.tiles.size());
  r.critical_streams.resize(input.tiles.size());
  for (const Stage stage : all_of_enum<Stage>()) {
    if (!jobs.has(stage)) continue;
    StageAccount account = account_for(input, times, jobs, stage);
    r.stages[stage] = account.use;
    if (stage == Stage::compute) r.streamed = std::move(account.streamed);
  }
  const std::int64_t last = find_last(r, input, jobs);
  for (const Stage stage : all_of_enum<Stage>())
    if (jobs.has(stage) && !input.tiles.empty()) add_drain(r, stage, units_of(input, stage));
  trace_back(r, jobs, last);
  return r;
}

}  // namespace lightloom::cosim
