#pragma once

#include <span>

#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {

/// How well readings that were not fitted are predicted.
struct HeldOut {
  std::int64_t readings = 0;
  double rms = 0;               // of (y - model) / sigma, sigma of the reading alone
  double expected_rms = 0;      // sqrt(1 + mean s^2), s^2 as below
  double chi2_per_reading = 0;  // mean of (y - model)^2 / (sigma^2 (1 + s^2)): 1 for a true model
  std::int64_t sampled = 0;     // readings for which s^2 was computed
};

struct HeldOutOptions {
  double cut = 0;  // residuals beyond so many standard deviations are outliers, left out; 0: none
  std::size_t most = 4096;  // readings for which s^2 is computed
};

/// Compares with the settings of `problem` what a fit with R^T R = H = J^T J + priors predicts.
/// A prediction is uncertain by its reading's noise and by the fit's parameters: its variance is
/// sigma^2 (1 + s^2), s^2 = |R^-T j|^2 with j the row of the weighted Jacobian. New random settings
/// have more of the second than those fitted, whose mean is n / readings at most. s^2 is computed
/// for readings evenly chosen.
HeldOut compare_held_out(const FitProblem& problem, std::span<const double> parameters,
                         std::span<const double> triangle, const HeldOutOptions& options);

/// Which settings are fitted and which kept, every k-th by the share.
std::vector<int> fitted_settings(int settings, double held_out);
std::vector<int> kept_settings(int settings, double held_out);

}  // namespace lightloom::calibration
