#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {

/// Compares every finished point of a sweep with the first one, image by image and chip by chip
/// (see `compare`, without its bootstrap): `difference_first_digital` and `difference_first_chips`
/// with `_low`, `_high` and `_p` over the sweep's axes. Not a number for the first point, for
/// points tested on other images (another seed of generated ones), and where no accuracy was
/// measured.
void compare_with_first(Labelled& table, const SweepGrid& grid);

/// Whether a variable is one of these.
bool is_comparison(const std::string& variable);

}  // namespace lightloom::experiments
