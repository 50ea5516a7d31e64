#pragma once

#include <string>

#include "calibration/calibrate.hpp"

namespace lightloom::experiments {

/// Residuals, correlations and worst devices of a fit to the file `data`, as one self-contained
/// HTML page.
std::string calibration_page(const calibration::ChipShape& shape,
                             const calibration::Calibration& found, const std::string& data);

}  // namespace lightloom::experiments
