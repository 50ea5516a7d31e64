#pragma once

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {

/// Residuals beyond it are outliers.
inline constexpr double outlier_sigmas = 5;

/// Counts, chi^2, standard deviations and correlations at the parameters of `result`, of all
/// readings with the noise of `problem`.
void conclude(FitProblem& problem, const FitCard& card, FitResult& result);

/// Notes heaters whose fitted value no honest chip has.
void name_doubtful(const ChipShape& shape, const FitCard& card, FitResult& result);

}  // namespace lightloom::calibration
