#pragma once

#include <cstdint>
#include <vector>

#include "cosim/schedule/tile_schedule.hpp"

namespace lightloom::cosim {

/// A chain of stages that every tile passes in order, each stage one unit. Between stage s and s +
/// 1 lie slots[s] places for finished tiles; a place is free again when stage s + 1 has finished
/// its tile (1: single, 2: double buffering).
struct PipelineInput {
  int stages = 0;
  std::vector<int> slots;     // stages - 1
  std::vector<double> times;  // (tiles, stages), row-major, not negative
  /// Optional, (tiles): stage `join_stage` of tile k may not start before tile waits_for[k] < k has
  /// left the last stage (its inputs are that tile's outputs); -1: no such wait.
  std::vector<std::int64_t> waits_for;
  int join_stage = 0;
};

struct PipelineResult {
  double total = 0;
  std::vector<StageUse> stages;
  std::vector<double> starts;  // (tiles, stages)
  std::vector<double> ends;    // (tiles, stages)
  /// Time that each (tile, stage) lies on the critical path: its service time, or 0. Adds up to
  /// `total`.
  std::vector<double> critical;  // (tiles, stages)
};

/// The max-plus recurrence
///     start_s(k) = max( end_s(k-1), end_{s-1}(k), end_{s+1}(k - slots_s), [end_last(waits_for_k)]
///     ) end_s(k) = start_s(k) + t_s(k).
/// Exact for blocking stages in order; O(tiles * stages).
PipelineResult run_pipeline(const PipelineInput& input);

}  // namespace lightloom::cosim
