#pragma once

#include "core/progress.hpp"
#include "experiments/commands/command.hpp"

namespace lightloom::experiments {

inline constexpr const char* timeline_help =
    "which tile every stage has when (the card's own weights, or --timeline-of): a page to look "
    "closer at (.html), or the times (.h5)";

/// Writes the schedule behind a card's cost, tile by tile, where --timeline says.
void write_tile_timeline(const CommandLine& line, ProgressSink& progress, Shown& result);

}  // namespace lightloom::experiments
