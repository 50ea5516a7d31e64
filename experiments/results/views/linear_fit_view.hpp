#pragma once

#include "calibration/elements/linear_fit.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// Coefficients with their intervals, how well the fit does, and what is wrong with the data.
Shown linear_fit_view(const calibration::LinearFit& fit);

}  // namespace lightloom::experiments
