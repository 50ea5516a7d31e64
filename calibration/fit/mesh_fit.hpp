#pragma once

#include <vector>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"

namespace lightloom::calibration {

/// Stages C to E from `start`. Throws `Error` for data that must not be fitted (see `check_data`).
FitResult fit_mesh(const ChipShape& shape, const Measurements& data, const FitCard& card,
                   std::vector<double> start);
/// Stages A to E: starts from the sweeps in the data.
FitResult fit_mesh(const ChipShape& shape, const Measurements& data, const FitCard& card);

}  // namespace lightloom::calibration
