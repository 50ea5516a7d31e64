#pragma once

#include <vector>

#include "calibration/tables/text/lab_text.hpp"

namespace lightloom::calibration {

/// Lines whose cells hold their unit behind every number ("1550.1 nm, -3.2 dBm", "95.3%"), with a
/// row of units above the first and bare numbers below it; as they are where fewer than two lines
/// are such.
std::vector<LabLine> without_cell_units(const std::vector<LabLine>& lines);

}  // namespace lightloom::calibration
