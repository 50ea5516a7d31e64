#include "cosim/schedule/order_simulation.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::cosim {
namespace {

enum class Cause : std::uint8_t { none, unit, data, slot, dependency, shared };

struct Job {
  double start = 0, end = 0;
  double ready = 0;              // data, place and dependency are there
  std::int64_t decided_by = -1;  // number of the job whose end decided the start
  Cause ready_cause = Cause::none;
  bool streams = false;  // a computation that its stream ended
};

constexpr bool uses_dram(Stage stage) {
  return stage == Stage::fetch_weights || stage == Stage::fetch_inputs ||
         stage == Stage::write_back;
}

constexpr auto all_stages = all_of_enum<Stage>();
constexpr auto jobs_of_a_tile = static_cast<std::int64_t>(all_stages.size()) + 1;

/// The element of a tile.
template <class T>
auto& of_tile(T& values, std::int64_t tile) {
  return values[static_cast<std::size_t>(tile)];
}

class Simulation {
 public:
  Simulation(const ScheduleInput& input, std::span<const DramTask> tasks)
      : input_(input),
        tasks_(tasks),
        tiles_(static_cast<std::int64_t>(input.tiles.size())),
        jobs_(input.tiles.size()) {
    for (const Stage stage : all_stages) present_[stage] = true;
    present_[Stage::generate] = input.generates;
    present_[Stage::decompose] = input.decomposes;
    present_[Stage::post_process] = input.post_processes;
    if (!input.streams.empty()) streams_.resize(input.tiles.size());
    while (true) {
      while (advance_units()) {
      }
      if (!serve_dram()) break;
    }
  }

  [[nodiscard]] double total() const {
    double latest = 0;
    for (const Stage stage : {Stage::compute, Stage::post_process, Stage::write_back})
      if (present_[stage] && tiles_ > 0) latest = std::max(latest, job(stage, tiles_ - 1).end);
    for (std::int64_t k = std::max<std::int64_t>(0, tiles_ - input_.cores); k < tiles_; ++k)
      latest = std::max(latest, job(Stage::compute, k).end);
    return latest;
  }

  ScheduleResult result() {
    ScheduleResult r;
    r.ends.resize(input_.tiles.size());
    r.critical.resize(input_.tiles.size());
    r.streamed.resize(input_.tiles.size());
    r.critical_streams.resize(input_.tiles.size());
    std::int64_t last = -1;
    for (const Stage stage : all_stages) {
      if (!present_[stage]) continue;
      assert(next_[stage] == tiles_);
      for (std::int64_t k = 0; k < tiles_; ++k) {
        account(stage, k, r.stages[stage]);
        const double end = job(stage, k).end;
        of_tile(r.ends, k)[stage] = end;
        if (job(stage, k).streams) r.streamed[static_cast<std::size_t>(k)] = true;
        if (last < 0 || end > r.total) last = number(stage, k);
        r.total = std::max(r.total, end);
      }
      account_turns(stage, r.stages[stage]);
    }
    for (const Stage stage : all_stages)
      if (present_[stage] && tiles_ > 0) account_ends(stage, r);
    trace_back(r, last);
    return r;
  }

 private:
  Job& job(Stage stage, std::int64_t tile) { return of_tile(jobs_, tile)[stage]; }
  [[nodiscard]] const Job& job(Stage stage, std::int64_t tile) const {
    return stage == Stage::count ? of_tile(streams_, tile) : of_tile(jobs_, tile)[stage];
  }
  /// Jobs are numbered tile by tile, in order of their stages; behind them the tile's stream.
  static std::int64_t number(Stage stage, std::int64_t tile) {
    return tile * jobs_of_a_tile + static_cast<std::int64_t>(stage);
  }
  static Stage stage_of(std::int64_t number) { return static_cast<Stage>(number % jobs_of_a_tile); }
  static std::int64_t tile_of(std::int64_t number) { return number / jobs_of_a_tile; }

  /// The stage after `stage` on the way of the weights.
  [[nodiscard]] Stage after(Stage stage) const {
    for (const Stage next : {Stage::generate, Stage::decompose, Stage::program})
      if (next > stage && present_[next]) return next;
    return Stage::compute;
  }
  [[nodiscard]] Stage before(Stage stage) const {
    for (const Stage previous : {Stage::decompose, Stage::generate})
      if (previous < stage && present_[previous]) return previous;
    return Stage::fetch_weights;
  }

  /// The stages that take results from the core and that hand them to the write-back.
  [[nodiscard]] Stage after_compute() const {
    return input_.post_processes ? Stage::post_process : Stage::write_back;
  }
  [[nodiscard]] Stage before_write_back() const {
    return input_.post_processes ? Stage::post_process : Stage::compute;
  }

  /// Takes the end of another job into account; false while that job is not scheduled.
  bool wait_for(Job& waiting, Stage stage, std::int64_t tile, Cause cause) {
    if (tile < 0) return true;
    if (tile >= next_[stage]) return false;
    const double end = job(stage, tile).end;
    if (end > waiting.ready || waiting.ready_cause == Cause::none) {
      waiting.ready = end;
      waiting.ready_cause = cause;
      waiting.decided_by = number(stage, tile);
    }
    return true;
  }

  /// Works out when the next job of a stage could start but for its unit; false while that is open.
  bool find_ready(Stage stage, std::int64_t k, Job& waiting) {
    const BufferPlaces& places = input_.places;
    switch (stage) {
      case Stage::fetch_weights:
        return wait_for(waiting, after(stage), k - places.weights, Cause::slot);
      case Stage::fetch_inputs:
        return wait_for(waiting, Stage::compute, k - places.inputs, Cause::slot) &&
               wait_for(waiting, Stage::write_back,
                        input_.input_after.empty() ? -1 : of_tile(input_.input_after, k),
                        Cause::dependency);
      case Stage::generate:
      case Stage::decompose:
        return wait_for(waiting, before(stage), k, Cause::data) &&
               wait_for(waiting, after(stage), k - places.tiles, Cause::slot);
      case Stage::program:
        return wait_for(waiting, before(stage), k, Cause::data) &&
               wait_for(waiting, Stage::compute, k - places.settings * input_.cores, Cause::slot);
      case Stage::compute:
        return wait_for(waiting, Stage::program, k, Cause::data) &&
               wait_for(waiting, Stage::fetch_inputs, k, Cause::data) &&
               wait_for_layer_before(waiting, k) &&
               wait_for(waiting, after_compute(), k - places.outputs, Cause::slot);
      case Stage::post_process:
        return wait_for(waiting, Stage::compute, k, Cause::data) &&
               wait_for(waiting, Stage::write_back, k - places.outputs, Cause::slot);
      case Stage::write_back:
        return wait_for(waiting, before_write_back(), k, Cause::data);
      case Stage::count:
        break;
    }
    return false;
  }

  /// Units of a stage; tile k belongs to unit k mod units.
  [[nodiscard]] std::int64_t units(Stage stage) const {
    return stage == Stage::program || stage == Stage::compute ? input_.cores : 1;
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
    job(stage, k) = waiting;
  }

  /// The tile's core streams from the buffer once that has served the tiles before; the later of
  /// the two ends the computation, and its time is then the stream's.
  void stream(std::int64_t k, Job& computing) {
    const double ns = of_tile(input_.streams, k);
    if (ns <= 0) return;
    Job& now = of_tile(streams_, k);
    now = computing;
    if (stream_free_ > now.start) {
      now.start = stream_free_;
      now.decided_by = stream_job_;
    }
    now.end = now.start + ns;
    stream_free_ = now.end;
    stream_job_ = number(Stage::count, k);
    if (now.end <= computing.end) return;
    computing = now;
    computing.streams = true;
  }

  /// Schedules what needs no DRAM as far as it is known. Jobs of one stage stay in order.
  bool advance_units() {
    bool progress = false;
    for (const Stage stage : all_stages) {
      if (!present_[stage]) continue;
      while (next_[stage] < tiles_ && !waits_for_dram(stage, next_[stage])) {
        Job waiting;
        const std::int64_t k = next_[stage];
        if (!find_ready(stage, k, waiting)) break;
        const std::int64_t before = k - units(stage);  // on the same unit
        place(stage, waiting, before >= 0 ? job(stage, before).end : 0,
              before >= 0 ? number(stage, before) : -1);
        progress = true;
      }
    }
    return progress;
  }

  /// Gives the DRAM its next task; false while that is open, and at the end.
  bool serve_dram() {
    if (served_ == tasks_.size()) return false;
    const auto [stage, k] = tasks_[served_];
    assert(k >= next_[stage]);
    Job waiting;
    if (k > next_[stage] || !find_ready(stage, k, waiting)) return false;
    if (k > 0) waiting.ready = std::max(waiting.ready, job(stage, k - 1).end);
    const bool writes = stage == Stage::write_back;
    const double turn = dram_job_ >= 0 && writes != dram_writes_ ? input_.direction_change_ns : 0;
    const double could_start = std::max(waiting.ready, dram_free_);
    place(stage, waiting, dram_job_ >= 0 ? dram_free_ + turn : 0, dram_job_);
    if (k > 0) turned_[stage] += job(stage, k).start - could_start;
    dram_free_ = job(stage, k).end;
    dram_job_ = number(stage, k);
    dram_writes_ = writes;
    ++served_;
    return true;
  }

  void account(Stage stage, std::int64_t k, StageUse& use) {
    const Job& now = job(stage, k);
    const std::int64_t before = k - units(stage);
    use.busy += now.end - now.start;
    if (before < 0) {
      use.before_first += now.start;
      return;
    }
    const double from = job(stage, before).end;
    const double until_ready = std::max(0.0, std::min(now.ready, now.start) - from);
    switch (now.ready_cause) {
      case Cause::data:
        use.wait_data += until_ready;
        break;
      case Cause::slot:
        use.wait_slot += until_ready;
        break;
      default:
        use.wait_dependency += until_ready;
    }
    use.wait_shared += now.start - from - until_ready;
  }

  /// Takes the waits for a change of direction out of those for the DRAM.
  void account_turns(Stage stage, StageUse& use) const {
    use.wait_turn = std::min(turned_[stage], use.wait_shared);
    use.wait_shared -= use.wait_turn;
  }

  /// Time after each unit's last job, and the mean over units.
  void account_ends(Stage stage, ScheduleResult& r) {
    StageUse& use = r.stages[stage];
    for (std::int64_t unit = 0; unit < units(stage); ++unit) {
      const std::int64_t k = tiles_ - 1 - unit;
      use.after_last += k >= 0 ? r.total - job(stage, k).end : r.total;
    }
    const auto count = static_cast<double>(units(stage));
    for (double* part : {&use.busy, &use.wait_data, &use.wait_slot, &use.wait_dependency,
                         &use.wait_shared, &use.wait_turn, &use.before_first, &use.after_last})
      *part /= count;
  }

  void trace_back(ScheduleResult& r, std::int64_t on) const {
    const auto of = [&](std::int64_t n) -> const Job& { return job(stage_of(n), tile_of(n)); };
    while (on >= 0) {
      const Job& now = of(on);
      const auto tile = static_cast<std::size_t>(tile_of(on));
      const Stage stage = stage_of(on);
      const bool streams = stage == Stage::count || now.streams;
      r.critical[tile][streams ? Stage::compute : stage] = now.end - now.start;
      if (streams) r.critical_streams[tile] = true;
      const std::int64_t before_it = now.decided_by;
      const double turning = now.start - (before_it >= 0 ? of(before_it).end : 0);
      if (turning > 0) r.turns.push_back({tile_of(on), turning});
      r.turning += turning;
      on = before_it;
    }
  }

  const ScheduleInput& input_;
  std::span<const DramTask> tasks_;
  std::size_t served_ = 0;
  std::int64_t tiles_;
  std::vector<EnumArray<Stage, Job>> jobs_;  // by tile
  EnumArray<Stage, bool> present_;
  EnumArray<Stage, std::int64_t> next_;
  std::vector<Job> streams_;                 // by tile
  double stream_free_ = 0;
  std::int64_t stream_job_ = -1;
  double dram_free_ = 0;
  std::int64_t dram_job_ = -1;
  bool dram_writes_ = false;
  EnumArray<Stage, double> turned_;  // waits for the DRAM to change its direction
};

}  // namespace

ScheduleResult run_in_order(const ScheduleInput& input, std::span<const DramTask> tasks) {
  return Simulation(input, tasks).result();
}

double time_in_order(const ScheduleInput& input, std::span<const DramTask> tasks) {
  return Simulation(input, tasks).total();
}

}  // namespace lightloom::cosim
