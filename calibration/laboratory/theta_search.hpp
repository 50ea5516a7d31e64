#pragma once

#include <vector>

#include "calibration/laboratory/heater_bench.hpp"

namespace lightloom::calibration {

/// phi_0 of the theta of one cell, the second half of `find_laws`; false if the arms in front of it
/// and behind it do not allow it yet. `silent`: (heaters).
bool find_theta(Bench& bench, int cell, const std::vector<bool>& silent);

}  // namespace lightloom::calibration
