#pragma once

#include <cstdint>
#include <vector>

#include "calibration/fit/fit_result.hpp"

namespace lightloom::calibration {

/// A chip drawn from what the fit leaves open: parameters + R^-1 z. Pure function of (seed,
/// sample).
std::vector<double> sample_posterior(const FitResult& fit, std::uint64_t seed,
                                     std::uint32_t sample);

}  // namespace lightloom::calibration
