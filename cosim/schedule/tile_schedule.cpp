#include "cosim/schedule/tile_schedule.hpp"

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
};

constexpr bool uses_dram(std::size_t stage) {
  return stage == static_cast<std::size_t>(Stage::fetch_weights) ||
         stage == static_cast<std::size_t>(Stage::fetch_inputs) ||
         stage == static_cast<std::size_t>(Stage::write_back);
}

class Simulation {
 public:
  explicit Simulation(const ScheduleInput& input)
      : input_(input),
        tiles_(static_cast<std::int64_t>(input.tiles.size())),
        jobs_(input.tiles.size() * stage_count) {
    present_.fill(true);
    present_[index(Stage::generate)] = input.generates;
    present_[index(Stage::decompose)] = input.decomposes;
    present_[index(Stage::post_process)] = input.post_processes;
  }

  ScheduleResult run() {
    while (true) {
      while (advance_units()) {
      }
      if (!serve_dram()) break;
    }
    return result();
  }

 private:
  static std::size_t index(Stage stage) { return static_cast<std::size_t>(stage); }
  Job& job(std::size_t stage, std::int64_t tile) {
    return jobs_[static_cast<std::size_t>(tile) * stage_count + stage];
  }

  /// The stage after `stage` on the way of the weights.
  [[nodiscard]] Stage after(Stage stage) const {
    for (std::size_t s = index(stage) + 1; s < index(Stage::compute); ++s)
      if (s != index(Stage::fetch_inputs) && present_[s]) return static_cast<Stage>(s);
    return Stage::compute;
  }
  [[nodiscard]] Stage before(Stage stage) const {
    for (std::size_t s = index(stage); s-- > index(Stage::generate);)
      if (present_[s]) return static_cast<Stage>(s);
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
    const std::size_t s = index(stage);
    if (tile >= next_[s]) return false;
    const double end = job(s, tile).end;
    if (end > waiting.ready || waiting.ready_cause == Cause::none) {
      waiting.ready = end;
      waiting.ready_cause = cause;
      waiting.decided_by =
          tile * static_cast<std::int64_t>(stage_count) + static_cast<std::int64_t>(s);
    }
    return true;
  }

  /// Works out when the next job of a stage could start but for its unit; false while that is open.
  bool find_ready(std::size_t s, std::int64_t k, Job& waiting) {
    const ScheduleSlots& slots = input_.slots;
    const Stage stage = static_cast<Stage>(s);
    switch (stage) {
      case Stage::fetch_weights:
        return wait_for(waiting, after(stage), k - slots.weights, Cause::slot);
      case Stage::fetch_inputs:
        return wait_for(waiting, Stage::compute, k - slots.inputs, Cause::slot) &&
               wait_for(waiting, Stage::write_back,
                        input_.input_after.empty() ? -1 : input_.input_after[k], Cause::dependency);
      case Stage::generate:
      case Stage::decompose:
        return wait_for(waiting, before(stage), k, Cause::data) &&
               wait_for(waiting, after(stage), k - slots.tiles, Cause::slot);
      case Stage::program:
        return wait_for(waiting, before(stage), k, Cause::data) &&
               wait_for(waiting, Stage::compute, k - slots.settings * input_.cores, Cause::slot);
      case Stage::compute:
        return wait_for(waiting, Stage::program, k, Cause::data) &&
               wait_for(waiting, Stage::fetch_inputs, k, Cause::data) &&
               wait_for_layer_before(waiting, k) &&
               wait_for(waiting, after_compute(), k - slots.outputs, Cause::slot);
      case Stage::post_process:
        return wait_for(waiting, Stage::compute, k, Cause::data) &&
               wait_for(waiting, Stage::write_back, k - slots.outputs, Cause::slot);
      case Stage::write_back:
        return wait_for(waiting, before_write_back(), k, Cause::data);
    }
    return false;
  }

  /// Units of a stage; tile k belongs to unit k mod units.
  [[nodiscard]] std::int64_t units(std::size_t s) const {
    return s == index(Stage::program) || s == index(Stage::compute) ? input_.cores : 1;
  }

  /// The layers before have left all cores and the digital unit. One core keeps that order by
  /// itself, and so does the digital unit.
  bool wait_for_layer_before(Job& waiting, std::int64_t k) {
    if (input_.layer_starts.empty()) return true;
    const std::int64_t first = input_.layer_starts[k];
    if (input_.post_processes)
      return wait_for(waiting, Stage::post_process, first - 1, Cause::dependency);
    if (input_.cores == 1) return true;
    for (std::int64_t other = std::max<std::int64_t>(0, first - input_.cores); other < first;
         ++other)
      if (!wait_for(waiting, Stage::compute, other, Cause::dependency)) return false;
    return true;
  }

  [[nodiscard]] bool waits_for_dram(std::size_t s, std::int64_t k) const {
    return uses_dram(s) && input_.tiles[k][s] > 0;
  }

  void place(std::size_t s, Job waiting, double unit_free, std::int64_t unit_job) {
    const std::int64_t k = next_[s]++;
    waiting.start = std::max(waiting.ready, unit_free);
    if (unit_free >= waiting.ready && unit_job >= 0) waiting.decided_by = unit_job;
    waiting.end = waiting.start + input_.tiles[k][s];
    job(s, k) = waiting;
  }

  /// Schedules what needs no DRAM as far as it is known. Jobs of one stage stay in order.
  bool advance_units() {
    bool progress = false;
    for (std::size_t s = 0; s < stage_count; ++s) {
      if (!present_[s]) continue;
      while (next_[s] < tiles_ && !waits_for_dram(s, next_[s])) {
        Job waiting;
        const std::int64_t k = next_[s];
        if (!find_ready(s, k, waiting)) break;
        const std::int64_t before = k - units(s);  // on the same unit
        const std::int64_t before_it =
            before >= 0
                ? before * static_cast<std::int64_t>(stage_count) + static_cast<std::int64_t>(s)
                : -1;
        place(s, waiting, before >= 0 ? job(s, before).end : 0, before_it);
        progress = true;
      }
    }
    return progress;
  }

  /// Gives the DRAM to the job that can start first, the one that waited longest among equals.
  /// Everything not scheduled yet hangs on some DRAM job, so nothing unknown can become ready
  /// before this one starts.
  bool serve_dram() {
    std::size_t chosen = stage_count;
    Job best;
    for (const Stage stage : {Stage::fetch_inputs, Stage::write_back, Stage::fetch_weights}) {
      const std::size_t s = index(stage);
      Job waiting;
      if (next_[s] >= tiles_ || !find_ready(s, next_[s], waiting)) continue;
      if (next_[s] > 0) waiting.ready = std::max(waiting.ready, job(s, next_[s] - 1).end);
      const double start = std::max(waiting.ready, dram_free_),
                   best_start = std::max(best.ready, dram_free_);
      if (chosen == stage_count || start < best_start ||
          (start == best_start && waiting.ready < best.ready)) {
        chosen = s;
        best = waiting;
      }
    }
    if (chosen == stage_count) return false;
    const bool writes = chosen == index(Stage::write_back);
    const double turn = dram_job_ >= 0 && writes != dram_writes_ ? input_.direction_change_ns : 0;
    const std::int64_t k = next_[chosen];
    place(chosen, best, dram_job_ >= 0 ? dram_free_ + turn : 0, dram_job_);
    dram_free_ = job(chosen, k).end;
    dram_job_ = k * static_cast<std::int64_t>(stage_count) + static_cast<std::int64_t>(chosen);
    dram_writes_ = writes;
    return true;
  }

  void account(std::size_t s, std::int64_t k, StageUse& use) {
    const Job& now = job(s, k);
    const std::int64_t before = k - units(s);
    use.busy += now.end - now.start;
    if (before < 0) {
      use.before_first += now.start;
      return;
    }
    const double from = job(s, before).end;
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

  ScheduleResult result() {
    ScheduleResult r;
    r.ends.resize(input_.tiles.size());
    r.critical.resize(input_.tiles.size());
    std::int64_t last = -1;
    for (std::size_t s = 0; s < stage_count; ++s) {
      if (!present_[s]) continue;
      assert(next_[s] == tiles_);
      for (std::int64_t k = 0; k < tiles_; ++k) {
        account(s, k, r.stages[s]);
        r.ends[k][s] = job(s, k).end;
        if (last < 0 || job(s, k).end > r.total)
          last = k * static_cast<std::int64_t>(stage_count) + static_cast<std::int64_t>(s);
        r.total = std::max(r.total, job(s, k).end);
      }
    }
    for (std::size_t s = 0; s < stage_count && tiles_ > 0; ++s)
      if (present_[s]) account_ends(s, r);
    trace_back(r, last);
    return r;
  }

  /// Time after each unit's last job, and the mean over units.
  void account_ends(std::size_t s, ScheduleResult& r) {
    StageUse& use = r.stages[s];
    for (std::int64_t unit = 0; unit < units(s); ++unit) {
      const std::int64_t k = tiles_ - 1 - unit;
      use.after_last += k >= 0 ? r.total - job(s, k).end : r.total;
    }
    const auto count = static_cast<double>(units(s));
    for (double* part : {&use.busy, &use.wait_data, &use.wait_slot, &use.wait_dependency,
                         &use.wait_shared, &use.before_first, &use.after_last})
      *part /= count;
  }

  void trace_back(ScheduleResult& r, std::int64_t on) {
    while (on >= 0) {
      const Job& now = jobs_[on];
      r.critical[on / static_cast<std::int64_t>(stage_count)]
                [on % static_cast<std::int64_t>(stage_count)] = now.end - now.start;
      const std::int64_t before_it = now.decided_by;
      r.turning += now.start - (before_it >= 0 ? jobs_[before_it].end : 0);
      on = before_it;
    }
  }

  const ScheduleInput& input_;
  std::int64_t tiles_;
  std::vector<Job> jobs_;
  std::array<bool, stage_count> present_{};
  std::array<std::int64_t, stage_count> next_{};
  double dram_free_ = 0;
  std::int64_t dram_job_ = -1;
  bool dram_writes_ = false;
};

}  // namespace

std::string_view stage_name(Stage stage) {
  static constexpr std::array<std::string_view, stage_count> names{
      "fetch weights", "fetch inputs", "generate",     "decompose",
      "program",       "compute",      "post process", "write back"};
  return names[static_cast<std::size_t>(stage)];
}

ScheduleResult run_schedule(const ScheduleInput& input) { return Simulation(input).run(); }

}  // namespace lightloom::cosim
