#pragma once

#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {

/// The points of several sweep files in one table.
struct MergedSweep {
  SweepGrid grid;
  Labelled table;  // without comparisons; `done` marks the points that some file holds
};

/// Joins files of one sweep (parts, or interrupted ones), in any order: what a single call computes
/// that holds the same points, in bytes too. Throws `Error` when they are of different cards,
/// inputs or programs, or disagree about a point.
MergedSweep merge_sweeps(const std::vector<std::string>& files);

}  // namespace lightloom::experiments
