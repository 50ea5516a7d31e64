#pragma once

#include <string>
#include <vector>

#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {

/// What the data can and cannot determine at one point.
struct Identifiability {
  int parameters = 0;                    // free ones
  int rank = 0;                          // of the weighted Jacobian, columns scaled to length 1
  double gap = 0;                        // smallest kept over largest dropped pivot
  double smallest_kept = 0;              // relative to the largest
  std::vector<std::string> invisible;    // known directions that the Jacobian confirms, in words
  std::vector<std::string> unexplained;  // the rest of the null space, by its largest entries
  std::vector<int> dead;                 // free parameters whose column is zero

  [[nodiscard]] int null_dimension() const { return parameters - rank; }
};

/// Rank by the pivots of a pivoted QR of J itself (those of J^T J hide half the digits). Pivots
/// below `tolerance` times the largest count as zero. O(rows n^2). (Eigen 3.4's divide-and-conquer
/// SVD reads out of bounds on some of these matrices.)
Identifiability identify(const FitProblem& problem, std::span<const double> parameters,
                         double tolerance = 1e-10);

/// Free parameters that no reading depends on, from the normal equations without priors.
std::vector<int> dead_parameters(const FitProblem& problem, std::span<const double> parameters);

}  // namespace lightloom::calibration
