#pragma once

#include <string>

#include "calibration/products/product_fit.hpp"

namespace lightloom::experiments {

/// What the models of measured products leave, output by output, and what corrections would, as one
/// self-contained HTML page. `data`: the files that were fitted.
std::string product_page(const calibration::ProductFit& fit, const std::string& data);

}  // namespace lightloom::experiments
