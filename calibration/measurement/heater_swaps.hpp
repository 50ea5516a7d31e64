#pragma once

#include <span>
#include <string>
#include <vector>

#include "calibration/measurement/measurements.hpp"

namespace lightloom::calibration {

/// Heaters whose voltage columns seem swapped: exchanging them brings the prediction of
/// `parameters` (of a start, whose error is about `floor` of full scale) much nearer to the
/// readings.
std::vector<std::string> find_swapped_heaters(const ChipShape& shape, const Measurements& data,
                                              std::span<const double> parameters, double floor);

}  // namespace lightloom::calibration
