#pragma once

#include "calibration/problem/fit_problem.hpp"
#include "calibration/solvers/least_squares.hpp"

namespace lightloom::calibration {

enum class Solver {
  automatic,  // Ceres up to 400 unknowns
  ceres,      // Levenberg-Marquardt of Ceres on the Cholesky factor of J^T J (`minimise_normal`)
  inexact,    // products with J^T J by sweeps through the mesh (`minimise_inexact`)
};

/// Minimises the cost over the free parameters; `parameters` are all of them.
LeastSquaresSummary solve(const FitProblem& problem, std::vector<double>& parameters,
                          const LeastSquaresOptions& options, Solver solver = Solver::automatic);

}  // namespace lightloom::calibration
