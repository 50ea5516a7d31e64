#include "cosim/schedule/stage_account.hpp"

#include <algorithm>

namespace lightloom::cosim {
namespace {

/// When a job could start but for its unit, and what let it.
struct Ready {
  double at = 0;
  Cause cause = Cause::none;

  void wait_for(double end, Cause why) {
    if (end <= at) return;
    at = end;
    cause = why;
  }
};

class Accountant {
 public:
  Accountant(const ScheduleInput& input, const OrderTimes& times, const ScheduledJobs& jobs,
             Stage stage)
      : input_(input),
        times_(times),
        jobs_(jobs),
        stage_(stage),
        tiles_(static_cast<std::int64_t>(input.tiles.size())),
        units_(units_of(input, stage)) {
    for (const Need& need : jobs.needs(stage))
      if (need.tiles_before < tiles_)
        waits_.push_back({times.ends(need.stage) - need.tiles_before, need.cause});
  }

  StageAccount run() {
    const double* ends = times_.ends(stage_);
    const bool streams = stage_ == Stage::compute && !input_.streams.empty();
    if (stage_ == Stage::compute) account_.streamed.resize(input_.tiles.size());
    for (std::int64_t k = 0; k < tiles_; ++k) {
      const double unit_free = k >= units_ ? ends[k - units_] : 0;
      Ready ready = ready_at(k);
      double start = std::max(ready.at, unit_free);
      if (const auto dram = jobs_.dram_before(stage_, k)) {
        ready.at = start;
        start = std::max(start, dram->end + (dram->turns ? input_.direction_change_ns : 0));
        if (k > 0) turned_ += ends[k] - time(k) - std::max(ready.at, dram->end);
      }
      if (streams) start = stream(k, start);
      add(ready, {start, ends[k]}, k >= units_ ? &unit_free : nullptr);
    }
    // Waits for a change of direction are none for the DRAM.
    account_.use.wait_turn = std::min(turned_, account_.use.wait_shared);
    account_.use.wait_shared -= account_.use.wait_turn;
    return std::move(account_);
  }

 private:
  struct Wait {
    const double* ends = nullptr;  // by waiting tile
    Cause cause = Cause::none;
  };
  struct Span {
    double start = 0, end = 0;
  };

  [[nodiscard]] double time(std::int64_t k) const {
    return input_.tiles[static_cast<std::size_t>(k)][stage_];
  }

  Ready ready_at(std::int64_t k) {
    Ready ready;
    for (const Wait& wait : waits_) ready.wait_for(wait.ends[k], wait.cause);
    if (stage_ == Stage::compute) ready.wait_for(layer_before_left(k), Cause::dependency);
    if (stage_ == Stage::fetch_inputs && !input_.input_after.empty()) {
      const std::int64_t after = input_.input_after[static_cast<std::size_t>(k)];
      if (after >= 0) ready.wait_for(times_.ends(Stage::write_back)[after], Cause::dependency);
    }
    return ready;
  }

  double layer_before_left(std::int64_t k) {
    if (input_.layer_starts.empty()) return 0;
    const std::int64_t first = input_.layer_starts[static_cast<std::size_t>(k)];
    if (first == layer_first_) return layer_ready_;
    layer_first_ = first;
    layer_ready_ = 0;
    const Stage last = input_.post_processes ? Stage::post_process : Stage::compute;
    for (std::int64_t j = std::max<std::int64_t>(0, first - units_of(input_, last)); j < first; ++j)
      layer_ready_ = std::max(layer_ready_, times_.ends(last)[j]);
    return layer_ready_;
  }

  /// Where the tile's stream ended its computation, that counts from the stream's start.
  double stream(std::int64_t k, double start) {
    const auto tile = static_cast<std::size_t>(k);
    const double ns = input_.streams[tile];
    if (ns <= 0) return start;
    const double streaming = std::max(start, times_.streamed(k - 1));
    if (streaming + ns <= start + time(k)) return start;
    account_.streamed[tile] = true;
    return streaming;
  }

  /// `unit_free`: when the unit finished the job before; nullptr: there is none.
  void add(const Ready& ready, const Span& job, const double* unit_free) {
    StageUse& use = account_.use;
    use.busy += job.end - job.start;
    if (unit_free == nullptr) {
      use.before_first += job.start;
      return;
    }
    const double until_ready = std::max(0.0, std::min(ready.at, job.start) - *unit_free);
    double& waited = ready.cause == Cause::data   ? use.wait_data
                     : ready.cause == Cause::slot ? use.wait_slot
                                                  : use.wait_dependency;
    waited += until_ready;
    use.wait_shared += job.start - *unit_free - until_ready;
  }

  const ScheduleInput& input_;
  const OrderTimes& times_;
  const ScheduledJobs& jobs_;
  Stage stage_;
  std::int64_t tiles_, units_;
  std::vector<Wait> waits_;
  std::int64_t layer_first_ = -1;  // of the layer in hand
  double layer_ready_ = 0;         // when the one before it has left the units
  double turned_ = 0;
  StageAccount account_;
};

}  // namespace

StageAccount account_for(const ScheduleInput& input, const OrderTimes& times,
                         const ScheduledJobs& jobs, Stage stage) {
  return Accountant(input, times, jobs, stage).run();
}

}  // namespace lightloom::cosim
