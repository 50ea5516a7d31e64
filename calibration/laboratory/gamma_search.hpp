#pragma once

#include "calibration/laboratory/heater_bench.hpp"

namespace lightloom::calibration {

/// gamma of one heater, or that it is silent; the first half of `find_laws`.
void find_gamma(Bench& bench, int heater);

}  // namespace lightloom::calibration
