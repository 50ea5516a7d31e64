#pragma once

#include "core/cards/tree.hpp"
#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {

/// The points of a section `sweep`: keys to lists of values, or a `design` with what it needs. Keys
/// are paths (`core.rows: [..]`) or nested (`core: {rows: [..]}`). Throws `Error` for what is wrong
/// with it.
SweepGrid read_sweep_section(const Tree& sweep);

}  // namespace lightloom::experiments
