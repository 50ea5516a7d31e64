#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// What the DRAM did before it took its task of a tile.
struct DramBefore {
  static constexpr double no_task = -1;
  double ended = no_task;  // the task before; 0: there is none
  double free = 0;         // the DRAM, turned round where it had to be
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
  /// By tile; empty: the stage has nothing to do with the DRAM.
  [[nodiscard]] std::span<const DramBefore> dram_before(Stage stage) const {
    return lines_[stage].dram;
  }
  /// When the jobs of a stage end: by tile, with zeros before the first as far back as any job
  /// looks.
  [[nodiscard]] const double* ends(Stage stage) const { return lines_[stage].ends; }
  [[nodiscard]] const std::vector<Need>& needs(Stage stage) const { return needs_[stage]; }
  [[nodiscard]] bool has(Stage stage) const { return !needs_[stage].empty(); }

 private:
  /// What the jobs of a stage wait for.
  struct Line {
    struct Wait {
      Need need;
      const double* ends = nullptr;
    };
    std::array<Wait, 3> waits;
    std::size_t count = 0;
    const double* ends = nullptr;  // its own
    std::int64_t units = 1;
    std::vector<DramBefore> dram;
    std::vector<std::int64_t> before;  // number of the job that the DRAM served before a tile's
  };

  void wait_for(Job& waiting, const Line::Wait& wait, std::int64_t tile) const;
  void wait_for_layer_before(Job& waiting, std::int64_t tile) const;
  [[nodiscard]] Job ready_job(Stage stage, std::int64_t tile) const;
  [[nodiscard]] Job placed(Stage stage, std::int64_t tile) const;
  [[nodiscard]] Job stream(const Job& computing, std::int64_t tile) const;

  const ScheduleInput& input_;
  const OrderTimes& times_;
  EnumArray<Stage, std::vector<Need>> needs_;
  std::unique_ptr<double[]> ends_;  // of all stages
  EnumArray<Stage, Line> lines_;
};

}  // namespace lightloom::cosim
