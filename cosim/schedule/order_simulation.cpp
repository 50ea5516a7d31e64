#include "cosim/schedule/order_simulation.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>
#include <vector>

#include "cosim/schedule/timeline.hpp"

namespace lightloom::cosim {
namespace {

constexpr bool uses_dram(Stage stage) {
  return stage == Stage::fetch_weights || stage == Stage::fetch_inputs ||
         stage == Stage::write_back;
}

/// What a job waits for: a stage of the same tile, or of one before it that holds its place.
struct Need {
  Stage stage = Stage::compute;
  std::int64_t tiles_before = 0;
  Cause cause = Cause::data;
};
using Needs = EnumArray<Stage, std::vector<Need>>;

/// Of the stages present, what each waits for but the layer before.
Needs needs_of(const ScheduleInput& input) {
  const BufferPlaces& places = input.places;
  std::vector<Stage> way{Stage::fetch_weights};  // of the weights
  if (input.generates) way.push_back(Stage::generate);
  if (input.decomposes) way.push_back(Stage::decompose);
  way.insert(way.end(), {Stage::program, Stage::compute});
  Needs needs;
  for (std::size_t i = 0; i + 1 < way.size(); ++i) {
    if (i > 0) needs[way[i]].push_back({way[i - 1], 0, Cause::data});
    const std::int64_t room = way[i] == Stage::fetch_weights ? places.weights
                              : way[i] == Stage::program
                                  ? std::int64_t{places.settings} * input.cores
                                  : places.tiles;
    needs[way[i]].push_back({way[i + 1], room, Cause::slot});
  }
  needs[Stage::fetch_inputs] = {{Stage::compute, places.inputs, Cause::slot}};
  const Stage results = input.post_processes ? Stage::post_process : Stage::write_back;
  needs[Stage::compute] = {{Stage::program, 0, Cause::data},
                           {Stage::fetch_inputs, 0, Cause::data},
                           {results, places.outputs, Cause::slot}};
  needs[Stage::post_process] = {{Stage::compute, 0, Cause::data},
                                {Stage::write_back, places.outputs, Cause::slot}};
  needs[Stage::write_back] = {
      {input.post_processes ? Stage::post_process : Stage::compute, 0, Cause::data}};
  return needs;
}

/// All that later jobs have to know of one.
struct End {
  double end = 0;
};
void keep(End& kept, const Job& job) { kept.end = job.end; }
void keep(Job& kept, const Job& job) { kept = job; }

/// `Kept`: Job for the whole timeline, End for its length.
template <class Kept>
class Simulation {
 public:
  Simulation(const ScheduleInput& input, std::span<const DramTask> tasks, double limit)
      : input_(input),
        tasks_(tasks),
        limit_(limit),
        tiles_(static_cast<std::int64_t>(input.tiles.size())),
        jobs_(input.tiles.size()),
        streams_(input.streams.size()),
        present_(present_stages(input)),
        needs_(needs_of(input)) {
    for (const auto& [stage, k] : tasks_) dram_left_ += of_tile(input_.tiles, k)[stage];
    // Ends do not depend on the order in which they are worked out.
    do {
      while (serve_dram()) {
      }
    } while (!late_ && advance_units());
    assert(late_ || served_ == tasks_.size());
    assert(late_ || next_[Stage::write_back] == tiles_);
  }

  [[nodiscard]] double total() {
    if (late_) return std::numeric_limits<double>::infinity();
    double latest = 0;
    for (const Stage stage : {Stage::post_process, Stage::write_back})
      if (present_[stage] && tiles_ > 0) latest = std::max(latest, job(stage, tiles_ - 1).end);
    for (std::int64_t k = std::max<std::int64_t>(0, tiles_ - input_.cores); k < tiles_; ++k)
      latest = std::max(latest, job(Stage::compute, k).end);
    return latest;
  }

  SimulatedJobs timeline() && { return {std::move(jobs_), std::move(streams_), turned_}; }

 private:
  Kept& job(Stage stage, std::int64_t tile) { return of_tile(jobs_, tile)[stage]; }

  /// Takes the end of another job into account; false while that job is not scheduled.
  bool wait_for(Job& waiting, Stage stage, std::int64_t tile, Cause cause) {
    if (tile < 0) return true;
    if (tile >= next_[stage]) return false;
    const double end = job(stage, tile).end;
    if (end > waiting.ready || waiting.ready_cause == Cause::none) {
      waiting.ready = end;
      waiting.ready_cause = cause;
      waiting.decided_by = JobNumber::of(stage, tile);
    }
    return true;
  }

  /// Works out when the next job of a stage could start but for its unit; false while that is open.
  bool find_ready(Stage stage, std::int64_t k, Job& waiting) {
    for (const Need& need : needs_[stage])
      if (!wait_for(waiting, need.stage, k - need.tiles_before, need.cause)) return false;
    if (stage == Stage::compute) return wait_for_layer_before(waiting, k);
    if (stage != Stage::fetch_inputs || input_.input_after.empty()) return true;
    return wait_for(waiting, Stage::write_back, of_tile(input_.input_after, k), Cause::dependency);
  }

  /// The layers before have left all cores and the digital unit. One core keeps that order by
  /// itself, and so does the digital unit.
  bool wait_for_layer_before(Job& waiting, std::int64_t k) {
    if (input_.layer_starts.empty()) return true;
    const std::int64_t first = of_tile(input_.layer_starts, k);
    if (input_.post_processes)
      return wait_for(waiting, Stage::post_process, first - 1, Cause::dependency);
    if (input_.cores == 1) return true;
    for (std::int64_t other = std::max<std::int64_t>(0, first - input_.cores); other < first;
         ++other)
      if (!wait_for(waiting, Stage::compute, other, Cause::dependency)) return false;
    return true;
  }

  [[nodiscard]] bool waits_for_dram(Stage stage, std::int64_t k) const {
    return uses_dram(stage) && of_tile(input_.tiles, k)[stage] > 0;
  }

  void place(Stage stage, Job waiting, double unit_free, std::int64_t unit_job) {
    const std::int64_t k = next_[stage]++;
    waiting.start = std::max(waiting.ready, unit_free);
    if (unit_free >= waiting.ready && unit_job >= 0) waiting.decided_by = unit_job;
    waiting.end = waiting.start + of_tile(input_.tiles, k)[stage];
    if (stage == Stage::compute && !input_.streams.empty()) stream(k, waiting);
    keep(job(stage, k), waiting);
  }

  /// The tile's core streams from the buffer once that has served the tiles before; the later of
  /// the two ends the computation, and its time is then the stream's.
  void stream(std::int64_t k, Job& computing) {
    const double ns = of_tile(input_.streams, k);
    if (ns <= 0) return;
    Job now = computing;
    if (stream_free_ > now.start) {
      now.start = stream_free_;
      now.decided_by = stream_job_;
    }
    now.end = now.start + ns;
    stream_free_ = now.end;
    stream_job_ = JobNumber::of(Stage::count, k);
    if (!streams_.empty()) keep(of_tile(streams_, k), now);
    if (now.end <= computing.end) return;
    computing = now;
    computing.streams = true;
  }

  /// Schedules what needs no DRAM as far as it is known. Jobs of one stage stay in order.
  bool advance_units() {
    bool progress = false;
    for (const Stage stage : all_of_enum<Stage>()) {
      if (!present_[stage]) continue;
      while (next_[stage] < tiles_ && !waits_for_dram(stage, next_[stage])) {
        Job waiting;
        const std::int64_t k = next_[stage];
        if (!find_ready(stage, k, waiting)) break;
        const std::int64_t before = k - units_of(input_, stage);  // on the same unit
        place(stage, waiting, before >= 0 ? job(stage, before).end : 0,
              before >= 0 ? JobNumber::of(stage, before) : -1);
        progress = true;
      }
    }
    return progress;
  }

  /// Gives the DRAM its next task; false while that is open, and at the end.
  bool serve_dram() {
    if (late_ || served_ == tasks_.size()) return false;
    const auto [stage, k] = tasks_[served_];
    assert(k >= next_[stage]);
    Job waiting;
    if (k > next_[stage] || !find_ready(stage, k, waiting)) return false;
    if (k > 0) waiting.ready = std::max(waiting.ready, job(stage, k - 1).end);
    const bool writes = stage == Stage::write_back;
    const double turn = dram_job_ >= 0 && writes != dram_writes_ ? input_.direction_change_ns : 0;
    const double could_start = std::max(waiting.ready, dram_free_);
    place(stage, waiting, dram_job_ >= 0 ? dram_free_ + turn : 0, dram_job_);
    dram_free_ = job(stage, k).end;
    if (k > 0) turned_[stage] += dram_free_ - of_tile(input_.tiles, k)[stage] - could_start;
    dram_job_ = JobNumber::of(stage, k);
    dram_writes_ = writes;
    ++served_;
    dram_left_ -= of_tile(input_.tiles, k)[stage];
    late_ = (dram_free_ + dram_left_) * (1 - 1e-12) > limit_;
    return true;
  }

  const ScheduleInput& input_;
  std::span<const DramTask> tasks_;
  double limit_ = 0, dram_left_ = 0;  // of the total; of the DRAM's work
  bool late_ = false;                 // the limit cannot be kept
  std::size_t served_ = 0;
  std::int64_t tiles_;
  std::vector<EnumArray<Stage, Kept>> jobs_;  // by tile
  std::vector<Kept> streams_;                 // by tile
  EnumArray<Stage, bool> present_;
  Needs needs_;
  EnumArray<Stage, std::int64_t> next_;
  double stream_free_ = 0;
  std::int64_t stream_job_ = -1;
  double dram_free_ = 0;
  std::int64_t dram_job_ = -1;
  bool dram_writes_ = false;
  EnumArray<Stage, double> turned_;  // waits for the DRAM to change its direction
};

}  // namespace

ScheduleResult run_in_order(const ScheduleInput& input, std::span<const DramTask> tasks) {
  return account_for(
      input, Simulation<Job>(input, tasks, std::numeric_limits<double>::infinity()).timeline());
}

double time_in_order(const ScheduleInput& input, std::span<const DramTask> tasks, double limit) {
  return Simulation<End>(input, tasks, limit).total();
}

}  // namespace lightloom::cosim
