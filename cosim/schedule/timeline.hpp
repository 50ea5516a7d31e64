#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// Why a job could not be ready earlier.
enum class Cause : std::uint8_t { none, data, slot, dependency };

struct Job {
  double start = 0, end = 0;
  double ready = 0;              // data, place and dependency are there
  std::int64_t decided_by = -1;  // number of the job whose end decided the start
  Cause ready_cause = Cause::none;
  bool streams = false;  // a computation that its stream ended
};

/// The element of a tile.
template <class T>
auto& of_tile(T& values, std::int64_t tile) {
  return values[static_cast<std::size_t>(tile)];
}

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

/// The stages that a schedule has.
EnumArray<Stage, bool> present_stages(const ScheduleInput& input);

/// Units of a stage; tile k belongs to unit k mod units.
std::int64_t units_of(const ScheduleInput& input, Stage stage);

/// All jobs of a schedule, simulated.
struct SimulatedJobs {
  std::vector<EnumArray<Stage, Job>> jobs;  // by tile
  std::vector<Job> streams;                 // by tile; empty: nothing streams
  EnumArray<Stage, double> turned;          // waits for the DRAM to change its direction
};

/// Where the time went, and what the critical path is made of.
ScheduleResult account_for(const ScheduleInput& input, const SimulatedJobs& timeline);

}  // namespace lightloom::cosim
