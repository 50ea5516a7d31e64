#include "cosim/schedule/timeline.hpp"

#include <algorithm>

namespace lightloom::cosim {
namespace {

class Accounts {
 public:
  Accounts(const ScheduleInput& input, const SimulatedJobs& timeline)
      : input_(input),
        jobs_done_(timeline),
        tiles_(static_cast<std::int64_t>(input.tiles.size())),
        present_(present_stages(input)) {}

  ScheduleResult run() const {
    ScheduleResult r;
    r.starts.resize(input_.tiles.size());
    r.ends.resize(input_.tiles.size());
    r.critical.resize(input_.tiles.size());
    r.streamed.resize(input_.tiles.size());
    r.critical_streams.resize(input_.tiles.size());
    std::int64_t last = -1;
    for (const Stage stage : all_of_enum<Stage>()) {
      if (!present_[stage]) continue;
      for (std::int64_t k = 0; k < tiles_; ++k) {
        account(stage, k, r.stages[stage]);
        const double end = job(stage, k).end;
        of_tile(r.starts, k)[stage] = job(stage, k).start;
        of_tile(r.ends, k)[stage] = end;
        if (job(stage, k).streams) r.streamed[static_cast<std::size_t>(k)] = true;
        if (last < 0 || end > r.total) last = JobNumber::of(stage, k);
        r.total = std::max(r.total, end);
      }
      account_turns(stage, r.stages[stage]);
    }
    for (const Stage stage : all_of_enum<Stage>())
      if (present_[stage] && tiles_ > 0) account_ends(stage, r);
    trace_back(r, last);
    return r;
  }

 private:
  [[nodiscard]] const Job& job(Stage stage, std::int64_t tile) const {
    return stage == Stage::count ? of_tile(jobs_done_.streams, tile)
                                 : of_tile(jobs_done_.jobs, tile)[stage];
  }

  void account(Stage stage, std::int64_t k, StageUse& use) const {
    const Job& now = job(stage, k);
    const std::int64_t before = k - units_of(input_, stage);
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
    use.wait_turn = std::min(jobs_done_.turned[stage], use.wait_shared);
    use.wait_shared -= use.wait_turn;
  }

  /// Time after each unit's last job, and the mean over units.
  void account_ends(Stage stage, ScheduleResult& r) const {
    StageUse& use = r.stages[stage];
    for (std::int64_t unit = 0; unit < units_of(input_, stage); ++unit) {
      const std::int64_t k = tiles_ - 1 - unit;
      use.after_last += k >= 0 ? r.total - job(stage, k).end : r.total;
    }
    const auto count = static_cast<double>(units_of(input_, stage));
    for (double* part : {&use.busy, &use.wait_data, &use.wait_slot, &use.wait_dependency,
                         &use.wait_shared, &use.wait_turn, &use.before_first, &use.after_last})
      *part /= count;
  }

  void trace_back(ScheduleResult& r, std::int64_t on) const {
    const auto of = [&](std::int64_t n) -> const Job& {
      return job(JobNumber::stage(n), JobNumber::tile(n));
    };
    while (on >= 0) {
      const Job& now = of(on);
      const auto tile = static_cast<std::size_t>(JobNumber::tile(on));
      const Stage stage = JobNumber::stage(on);
      const bool streams = stage == Stage::count || now.streams;
      r.critical[tile][streams ? Stage::compute : stage] = now.end - now.start;
      if (streams) r.critical_streams[tile] = true;
      const std::int64_t before_it = now.decided_by;
      const double turning = now.start - (before_it >= 0 ? of(before_it).end : 0);
      if (turning > 0) r.turns.push_back({JobNumber::tile(on), turning});
      r.turning += turning;
      on = before_it;
    }
  }

  const ScheduleInput& input_;
  const SimulatedJobs& jobs_done_;
  std::int64_t tiles_;
  EnumArray<Stage, bool> present_;
};

}  // namespace

EnumArray<Stage, bool> present_stages(const ScheduleInput& input) {
  EnumArray<Stage, bool> present;
  for (const Stage stage : all_of_enum<Stage>()) present[stage] = true;
  present[Stage::generate] = input.generates;
  present[Stage::decompose] = input.decomposes;
  present[Stage::post_process] = input.post_processes;
  return present;
}

std::int64_t units_of(const ScheduleInput& input, Stage stage) {
  return stage == Stage::program || stage == Stage::compute ? input.cores : 1;
}

ScheduleResult account_for(const ScheduleInput& input, const SimulatedJobs& timeline) {
  return Accounts(input, timeline).run();
}

}  // namespace lightloom::cosim
