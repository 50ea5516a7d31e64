#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/files/labelled.hpp"
#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {

/// The axis of images' outcomes: those along another one than the first point's (more or fewer test
/// images) are left out.
inline constexpr const char* image_axis = "image_word";

/// An empty table over the grid: its axes and the `done` mask.
Labelled empty_table(const SweepGrid& grid);

/// Copies a point's variables into their place and marks it done. Every point adds the axes, the
/// values along them (layers, chips, sources) and the variables that are new; numbers become
/// doubles, not-a-number where no point has been or a point has no such value. Throws `Error` when
/// a point's axis holds a value twice that others do not have, or numbers where they have words.
void put_point(Labelled& table, const SweepGrid& grid, std::size_t point, const Labelled& values);

/// The table's numbers of a point where `variable` of `values` has its own; nothing where the table
/// has no such numbers, or has them along other axes or of other images. The table has the values
/// of all other axes.
std::optional<std::vector<double>> numbers_at(const Labelled& table, std::size_t point,
                                              const Labelled& values, const Variable& variable);

/// Adds the lines of the other's text attribute `images_chose`, each once, in order of the
/// alphabet.
void add_images_chose(Labelled& table, const Labelled& other);

bool is_done(const Labelled& table, std::size_t point);
std::size_t count_done(const Labelled& table);
/// The first point that is not done; the number of points where all are.
std::size_t first_missing(const Labelled& table);

}  // namespace lightloom::experiments
