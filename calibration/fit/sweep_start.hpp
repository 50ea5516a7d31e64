#pragma once

#include <string>
#include <vector>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// Heater laws from sweeps of single heaters, column by column: gamma and phi_0 of theta from its
/// own fringe, of phi by comparing its fringe with the model's, with perfect splitters; means where
/// a heater has several sweeps. Starts from `parameters` (design values and a guess of the
/// crosstalk).
struct SweepStart {
  std::vector<double> parameters;
  std::vector<std::string> problems;
  std::vector<int> silent;  // heaters that show no fringe: gamma 0
};
/// A theta that shows no fringe starts where the brightness of its sweep puts it.
SweepStart start_from_sweeps(const ChipShape& shape, std::vector<double> parameters,
                             const std::vector<Sweep>& sweeps);

}  // namespace lightloom::calibration
