#pragma once

#include <string>
#include <vector>

#include "calibration/tables/lab_columns.hpp"

namespace lightloom::calibration {

/// Brings a sweep into rising order of x with every x once: falling pieces are turned, pieces that
/// overlap scaled to the one before where they differ by a factor, readings at one x averaged. What
/// was done is said in `notes`. Pieces over the same range that differ by more than noise are
/// different spectra: only the first is kept, which `problems` say; with less overlap they are
/// joined and named.
void join_pieces(LabSweep& sweep, std::vector<std::string>& notes,
                 std::vector<std::string>& problems);

}  // namespace lightloom::calibration
