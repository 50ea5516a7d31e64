#pragma once

#include <span>
#include <vector>

#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {

/// J^T J, J^T r and half the cost at one point.
struct NormalEquations {
  int size = 0;
  std::vector<double> hessian;   // (size, size), symmetric, both halves
  std::vector<double> gradient;  // (size)
  double cost = 0;
};

/// The normal equations, accumulated setting by setting over the base columns: no Jacobian of the
/// whole device is ever held (12 GB at 64 ports). Equal to the bit on any number of threads.
NormalEquations normal_equations(const FitProblem& problem, std::span<const double> parameters);

/// J^T J + prior alone, estimated from some of the settings (evenly chosen, scaled to all of them;
/// `rows_per_unknown` rows for each free parameter) in single precision: a preconditioner at a
/// fraction of the cost. Both halves of `hessian` (free, free) are written.
void rough_hessian(const FitProblem& problem, std::span<const double> parameters,
                   double rows_per_unknown, std::span<double> hessian);

}  // namespace lightloom::calibration
