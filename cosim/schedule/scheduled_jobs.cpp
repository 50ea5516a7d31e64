#include "cosim/schedule/scheduled_jobs.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::cosim {
namespace {

std::size_t length_of_line(const OrderTimes& times) {
  return static_cast<std::size_t>(times.tiles_before()) + times.ends().size();
}

/// Stage by stage, each behind zeros.
std::unique_ptr<double[]> ends_by_stage(const OrderTimes& times) {
  const auto before = static_cast<std::size_t>(times.tiles_before());
  const std::size_t length = length_of_line(times);
  auto by_stage = std::make_unique_for_overwrite<double[]>(StageTimes::size() * length);
  for (std::size_t stage = 0; stage < StageTimes::size(); ++stage)
    std::fill_n(by_stage.get() + stage * length, before, 0.0);
  double* place = by_stage.get() + before;
  for (const TileEnds& ends : times.ends()) {
    for (std::size_t stage = 0; stage < StageTimes::size(); ++stage)
      place[stage * length] = ends.by_stage[stage];
    ++place;
  }
  return by_stage;
}

}  // namespace

ScheduledJobs::ScheduledJobs(const ScheduleInput& input, std::span<const DramTask> tasks,
                             const OrderTimes& times)
    : input_(input), times_(times), needs_(needs_of(input)), ends_(ends_by_stage(times)) {
  const double* ends = ends_.get() + times.tiles_before();
  for (const Stage stage : all_of_enum<Stage>()) {
    lines_[stage].ends = ends;
    ends += length_of_line(times);
  }
  for (const Stage stage : all_of_enum<Stage>()) {
    Line& own = lines_[stage];
    own.units = units_of(input, stage);
    assert(needs_[stage].size() <= own.waits.size());
    for (const Need& need : needs_[stage]) own.waits[own.count++] = {need, lines_[need.stage].ends};
  }
  for (const Stage stage : {Stage::fetch_weights, Stage::fetch_inputs, Stage::write_back}) {
    lines_[stage].dram.resize(input.tiles.size());
    lines_[stage].before.resize(input.tiles.size(), -1);
  }
  const DramTask* before = nullptr;
  for (const DramTask& task : tasks) {
    Line& own = lines_[task.stage];
    const auto tile = static_cast<std::size_t>(task.tile);
    own.dram[tile] = {.ended = 0, .free = 0};
    if (before != nullptr) {
      const double ended = lines_[before->stage].ends[before->tile];
      const bool turns = (before->stage == Stage::write_back) != (task.stage == Stage::write_back);
      own.dram[tile] = {ended, ended + (turns ? input.direction_change_ns : 0)};
      own.before[tile] = JobNumber::of(before->stage, before->tile);
    }
    before = &task;
  }
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
inline void ScheduledJobs::wait_for(Job& waiting, const Line::Wait& wait, std::int64_t tile) const {
  const std::int64_t other = tile - wait.need.tiles_before;
  if (other < 0) return;
  const double end = wait.ends[other];
  if (end <= waiting.ready && waiting.ready_cause != Cause::none) return;
  waiting.ready = end;
  waiting.ready_cause = wait.need.cause;
  waiting.decided_by = JobNumber::of(wait.need.stage, other);
}

/// The layers before have left all cores and the digital unit. One core keeps that order by itself,
/// and so does the digital unit.
void ScheduledJobs::wait_for_layer_before(Job& waiting, std::int64_t tile) const {
  if (input_.layer_starts.empty()) return;
  const std::int64_t first = input_.layer_starts[static_cast<std::size_t>(tile)];
  const Stage last = input_.post_processes ? Stage::post_process : Stage::compute;
  const auto wait = [&](std::int64_t before) {
    wait_for(waiting, {{last, before, Cause::dependency}, lines_[last].ends}, first);
  };
  if (input_.post_processes)
    wait(1);
  else if (input_.cores > 1)
    for (std::int64_t k = std::min<std::int64_t>(first, input_.cores); k > 0; --k) wait(k);
}

/// When a job could start but for its unit.
inline Job ScheduledJobs::ready_job(Stage stage, std::int64_t tile) const {
  Job waiting;
  const Line& own = lines_[stage];
  for (std::size_t i = 0; i < own.count; ++i) wait_for(waiting, own.waits[i], tile);
  if (stage == Stage::compute) wait_for_layer_before(waiting, tile);
  if (stage == Stage::fetch_inputs && !input_.input_after.empty())
    wait_for(waiting, {{Stage::write_back, 0, Cause::dependency}, lines_[Stage::write_back].ends},
             input_.input_after[static_cast<std::size_t>(tile)]);
  return waiting;
}

/// A job on its unit; a computation's but for the buffer.
Job ScheduledJobs::placed(Stage stage, std::int64_t tile) const {
  Job now = ready_job(stage, tile);
  const Line& own = lines_[stage];
  const auto place = static_cast<std::size_t>(tile);
  const std::int64_t before = tile - own.units;
  std::int64_t unit_job = before >= 0 ? JobNumber::of(stage, before) : -1;
  double unit_free = before >= 0 ? own.ends[before] : 0;
  if (!own.dram.empty() && own.dram[place].ended != DramBefore::no_task) {
    now.ready = std::max(now.ready, unit_free);
    unit_job = own.before[place];
    unit_free = own.dram[place].free;
  }
  now.start = std::max(now.ready, unit_free);
  if (unit_free >= now.ready && unit_job >= 0) now.decided_by = unit_job;
  now.end = now.start + input_.tiles[place][stage];
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
