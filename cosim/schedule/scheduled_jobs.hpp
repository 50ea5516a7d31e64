#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cosim/schedule/order_times.hpp"
#include "cosim/schedule/schedule_needs.hpp"

namespace lightloom::cosim {

struct Job {
  double start = 0, end = 0;
  double ready = 0;              // data, place and dependency are there
  std::int64_t decided_by = -1;  // number of the job whose end decided the start
  Cause ready_cause = Cause::none;
  bool streams = false;  // a computation that its stream ended
};

/// Jobs are numbered tile by tile, in order of their stages; behind them the tile's stream, as
/// stage `count`.
struct JobNumber {
  static constexpr std::int64_t of_a_tile = static_cast<std::int64_t>(Stage::count) + 1;
  static std::int64_t of(Stage stage, std::int64_t tile) {
    return tile * of_a_tile + static_cast<std::int64_t>(stage);
  }
  static Stage stage(std::int64_t number) { return static_cast<Stage>(number % of_a_tile); }
  static std::int64_t tile(std::int64_t number) { return number / of_a_tile; }
};

/// A schedule whose ends are known: why each of its jobs started when it did. All that it was made
/// of must outlive it.
class ScheduledJobs {
 public:
  /// `times`: of `input`, tried in the order of `tasks`.
  ScheduledJobs(const ScheduleInput& input, std::span<const DramTask> tasks,
                const OrderTimes& times);

  /// Stage `count`: the stream of a tile that has one.
  [[nodiscard]] Job job(Stage stage, std::int64_t tile) const;
  /// The task that the DRAM served before a job's, with a turn between reading and writing or
  /// without.
  struct Before {
    std::int64_t job = -1;  // its number; -1: none
    double end = 0;
    bool turns = false;
  };
  /// None: the DRAM has no part in the job.
  [[nodiscard]] std::optional<Before> dram_before(Stage stage, std::int64_t tile) const;
  [[nodiscard]] const std::vector<Need>& needs(Stage stage) const { return needs_[stage]; }
  [[nodiscard]] bool has(Stage stage) const { return !needs_[stage].empty(); }

 private:
  void wait_for(Job& waiting, Need need, std::int64_t tile) const;
  void wait_for_layer_before(Job& waiting, std::int64_t tile) const;
  [[nodiscard]] Job ready_job(Stage stage, std::int64_t tile) const;
  [[nodiscard]] Job placed(Stage stage, std::int64_t tile) const;
  [[nodiscard]] Job stream(const Job& computing, std::int64_t tile) const;

  const ScheduleInput& input_;
  const OrderTimes& times_;
  EnumArray<Stage, std::vector<Need>> needs_;
  std::span<const DramTask> tasks_;
  EnumArray<Stage, std::vector<std::int64_t>> numbers_;  // of a tile's task among them; -1: none
};

}  // namespace lightloom::cosim
