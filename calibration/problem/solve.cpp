#include "calibration/problem/solve.hpp"

#include <algorithm>

#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/linearised_mesh.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "calibration/solvers/inexact_newton.hpp"

namespace lightloom::calibration {
namespace {

constexpr int dense_unknowns = 400;     // beyond which Ceres' dense QR rules the time
constexpr double rows_per_unknown = 3;  // of the preconditioner

/// The free parameters placed among all.
class Placed {
 public:
  Placed(const FitProblem& problem, std::vector<double> all)
      : free_(problem.free.parameters), all_(std::move(all)) {}
  const std::vector<double>& at(std::span<const double> x) {
    for (std::size_t f = 0; f < x.size(); ++f) all_[static_cast<std::size_t>(free_[f])] = x[f];
    return all_;
  }

 private:
  const std::vector<int>& free_;
  std::vector<double> all_;
};

LeastSquaresSummary by_ceres(const FitProblem& problem, Placed& placed, std::vector<double>& x,
                             const LeastSquaresOptions& options) {
  const NormalFunction normal = [&](std::span<const double> at, double& cost,
                                    std::span<double> gradient, std::span<double> hessian) {
    if (hessian.empty()) {
      cost = fit_cost(problem, placed.at(at));
      return true;
    }
    const NormalEquations equations = normal_equations(problem, placed.at(at));
    cost = equations.cost;
    std::copy(equations.gradient.begin(), equations.gradient.end(), gradient.begin());
    std::copy(equations.hessian.begin(), equations.hessian.end(), hessian.begin());
    return true;
  };
  return minimise_normal(normal, x, options);
}

LeastSquaresSummary by_products(const FitProblem& problem, Placed& placed, std::vector<double>& x,
                                const LeastSquaresOptions& options) {
  LinearisedMesh mesh(problem);
  std::vector<double> here;  // where the mesh is linearised
  const InexactProblem inexact{
      .cost = [&](std::span<const double> at) { return fit_cost(problem, placed.at(at)); },
      .linearise =
          [&](std::span<const double> at, std::span<double> gradient) {
            here = placed.at(at);
            return mesh.linearise(here, gradient);
          },
      .product = [&](std::span<const double> v,
                     std::span<double> result) { mesh.product(v, result); },
      .hessian =
          [&](std::span<double> hessian) {
            rough_hessian(problem, here, rows_per_unknown, hessian);
          }};
  return minimise_inexact(inexact, x, options);
}

}  // namespace

LeastSquaresSummary solve(const FitProblem& problem, std::vector<double>& parameters,
                          const LeastSquaresOptions& options, Solver solver) {
  if (solver == Solver::automatic)
    solver = problem.free.size() > dense_unknowns ? Solver::inexact : Solver::ceres;
  std::vector<double> x;
  for (const int p : problem.free.parameters) x.push_back(parameters[static_cast<std::size_t>(p)]);
  Placed placed(problem, parameters);
  LeastSquaresSummary summary = solver == Solver::ceres ? by_ceres(problem, placed, x, options)
                                                        : by_products(problem, placed, x, options);
  parameters = placed.at(x);
  return summary;
}

}  // namespace lightloom::calibration
