#include "cosim/schedule/scheduled_jobs.hpp"

#include <algorithm>

namespace lightloom::cosim {

ScheduledJobs::ScheduledJobs(const ScheduleInput& input, std::span<const DramTask> tasks,
                             const OrderTimes& times)
    : input_(input), times_(times), needs_(needs_of(input)), tasks_(tasks) {
  for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back})
    numbers_[stage].resize(input.tiles.size(), -1);
  for (std::size_t i = 0; i < tasks.size(); ++i)
    numbers_[tasks[i].stage][static_cast<std::size_t>(tasks[i].tile)] =
        static_cast<std::int64_t>(i);
}

std::optional<ScheduledJobs::Before> ScheduledJobs::dram_before(Stage stage,
                                                                std::int64_t tile) const {
  if (numbers_[stage].empty()) return {};
  const std::int64_t number = numbers_[stage][static_cast<std::size_t>(tile)];
  if (number < 0) return {};
  if (number == 0) return Before{};
  const DramTask& before = tasks_[static_cast<std::size_t>(number - 1)];
  return Before{.job = JobNumber::of(before.stage, before.tile),
                .end = times_.ends(before.stage)[before.tile],
                .turns = (before.stage == Stage::write_back) != (stage == Stage::write_back)};
}

Job ScheduledJobs::job(Stage stage, std::int64_t tile) const {
  if (stage == Stage::count) return stream(placed(Stage::compute, tile), tile);
  const Job own = placed(stage, tile);
  if (stage != Stage::compute || input_.streams.empty() ||
      input_.streams[static_cast<std::size_t>(tile)] <= 0)
    return own;
  Job streaming = stream(own, tile);
  if (streaming.end <= own.end) return own;
  streaming.streams = true;
  return streaming;
}

/// Takes the end of another job into account; of tiles before the first there is none.
void ScheduledJobs::wait_for(Job& waiting, Need need, std::int64_t tile) const {
  const std::int64_t other = tile - need.tiles_before;
  if (other < 0) return;
  const double end = times_.ends(need.stage)[other];
  if (end <= waiting.ready && waiting.ready_cause != Cause::none) return;
  waiting.ready = end;
  waiting.ready_cause = need.cause;
  waiting.decided_by = JobNumber::of(need.stage, other);
}

/// The layers before have left all cores and the digital unit. One core keeps that order by itself,
/// and so does the digital unit.
void ScheduledJobs::wait_for_layer_before(Job& waiting, std::int64_t tile) const {
  if (input_.layer_starts.empty()) return;
  const std::int64_t first = input_.layer_starts[static_cast<std::size_t>(tile)];
  if (input_.post_processes)
    wait_for(waiting, {Stage::post_process, 1, Cause::dependency}, first);
  else if (input_.cores > 1)
    for (std::int64_t k = std::max<std::int64_t>(0, first - input_.cores); k < first; ++k)
      wait_for(waiting, {Stage::compute, 0, Cause::dependency}, k);
}

/// When a job could start but for its unit.
Job ScheduledJobs::ready_job(Stage stage, std::int64_t tile) const {
  Job waiting;
  for (const Need& need : needs_[stage]) wait_for(waiting, need, tile);
  if (stage == Stage::compute) wait_for_layer_before(waiting, tile);
  if (stage == Stage::fetch_inputs && !input_.input_after.empty())
    wait_for(waiting, {Stage::write_back, 0, Cause::dependency},
             input_.input_after[static_cast<std::size_t>(tile)]);
  return waiting;
}

/// A job on its unit; a computation's but for the buffer.
Job ScheduledJobs::placed(Stage stage, std::int64_t tile) const {
  Job now = ready_job(stage, tile);
  const std::int64_t before = tile - units_of(input_, stage);
  std::int64_t unit_job = before >= 0 ? JobNumber::of(stage, before) : -1;
  double unit_free = before >= 0 ? times_.ends(stage)[before] : 0;
  if (const auto dram = dram_before(stage, tile)) {
    now.ready = std::max(now.ready, unit_free);
    unit_job = dram->job;
    unit_free = dram->end + (dram->turns ? input_.direction_change_ns : 0);
  }
  now.start = std::max(now.ready, unit_free);
  if (unit_free >= now.ready && unit_job >= 0) now.decided_by = unit_job;
  now.end = now.start + input_.tiles[static_cast<std::size_t>(tile)][stage];
  return now;
}

/// The tile's core streams from the buffer once that has served the tiles before.
Job ScheduledJobs::stream(const Job& computing, std::int64_t tile) const {
  const double free = times_.streamed(tile - 1);
  Job now = computing;
  if (free > now.start) {
    std::int64_t before = tile - 1;
    while (input_.streams[static_cast<std::size_t>(before)] <= 0) --before;
    now.start = free;
    now.decided_by = JobNumber::of(Stage::count, before);
  }
  now.end = now.start + input_.streams[static_cast<std::size_t>(tile)];
  return now;
}

}  // namespace lightloom::cosim
