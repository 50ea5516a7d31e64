#pragma once

#include <vector>

#include "calibration/products/model_comparison.hpp"

namespace lightloom::calibration {

/// Tries periods of 1 to 64 (or an eighth of the vectors) on what a gain of every output, or for
/// models that mix a frozen mixing, leaves. Takes the smallest one whose held-out mean square is
/// within two standard errors (of the difference, vector by vector) of the least. At least 8
/// vectors; models without a period have 1.
PeriodFound find_period(const ProductMatrices& products, ErrorModel model, std::uint64_t seed);

}  // namespace lightloom::calibration
