#pragma once

#include <span>
#include <vector>

#include "calibration/derivatives/mesh_jacobian.hpp"

namespace lightloom::calibration {

/// Device parameters from what the light meets, the sparse half of the chain rule: their columns as
/// sums of base columns, compressed by free parameter.
struct Expansion {
  std::vector<int> start;      // (free + 1)
  std::vector<int> column;     // base column
  std::vector<double> weight;  // d(base) / d(parameter)
};
Expansion expand(const ChipModel& chip, std::span<const double> voltages,
                 const BaseColumns& columns, const FreeSet& free);

}  // namespace lightloom::calibration
