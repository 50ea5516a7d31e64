#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/sweep/sweep_grid.hpp"

namespace lightloom::experiments {

/// An empty table over the grid: its axes and the `done` mask.
Labelled empty_table(const SweepGrid& grid);

/// Copies a point's variables into their place and marks it done. The first point adds its axes and
/// variables; numbers become doubles, not-a-number where no point has been. Throws `Error` when a
/// point's axes differ from the first's.
void put_point(Labelled& table, const SweepGrid& grid, std::size_t point, const Labelled& values);

/// Adds the lines of the other's text attribute `images_chose`, each once, in order of the
/// alphabet.
void add_images_chose(Labelled& table, const Labelled& other);

bool is_done(const Labelled& table, std::size_t point);
std::size_t count_done(const Labelled& table);
/// The first point that is not done; the number of points where all are.
std::size_t first_missing(const Labelled& table);

}  // namespace lightloom::experiments
