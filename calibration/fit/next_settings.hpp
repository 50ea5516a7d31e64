#pragma once

#include <span>
#include <vector>

#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {

/// Settings worth measuring, best first.
struct SettingDesign {
  std::vector<int> chosen;   // indices of candidates
  std::vector<double> gain;  // of each: how much it raises log det(J^T J + prior), natural log
  double log_det = 0;        // of the sum at the end, over that of the prior alone
};

/// Greedy D-optimal choice among the settings of `problem.data` (their readings do not matter):
/// adds the setting that most raises log det(J^T J + priors) at `parameters`, `count` times. Every
/// free parameter needs a prior or readings in `problem.settings`, which count as measured already.
/// Gains only fall as settings are added, so most candidates are looked at once (lazy greedy).
/// Greedy reaches at least 1 - 1/e of the best choice (Nemhauser et al. 1978).
SettingDesign choose_settings(const FitProblem& problem, std::span<const double> parameters,
                              int count);

/// log det(J^T J + priors) with the given settings, over that without them.
double information_of(const FitProblem& problem, std::span<const double> parameters,
                      const std::vector<int>& settings);

}  // namespace lightloom::calibration
