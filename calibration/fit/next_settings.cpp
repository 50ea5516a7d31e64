#include "calibration/fit/next_settings.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

/// What is known before: priors and settings already measured.
Information information_before(const FitProblem& problem, std::span<const double> parameters) {
  const NormalEquations known = normal_equations(problem, parameters);
  return {known.hessian, known.size};
}

}  // namespace

SettingDesign choose_settings(const FitProblem& problem, std::span<const double> parameters,
                              int count) {
  Information information = information_before(problem, parameters);
  std::vector<int> left;
  for (int s = 0; s < problem.data->settings; ++s)
    if (std::find(problem.settings.begin(), problem.settings.end(), s) == problem.settings.end())
      left.push_back(s);
  std::vector<double> bound(left.size(), INFINITY);
  SettingDesign design;
  while (static_cast<int>(design.chosen.size()) < count && !left.empty()) {
    std::vector<bool> fresh(left.size(), false);
    std::size_t best = 0;
    for (;;) {
      best = static_cast<std::size_t>(std::max_element(bound.begin(), bound.end()) - bound.begin());
      if (fresh[best]) break;
      const DenseJacobian rows = dense_jacobian_of(problem, left[best], parameters);
      bound[best] = information.gain(rows.values, rows.rows);
      fresh[best] = true;
    }
    const DenseJacobian rows = dense_jacobian_of(problem, left[best], parameters);
    information.add(rows.values, rows.rows);
    design.chosen.push_back(left[best]);
    design.gain.push_back(bound[best]);
    design.log_det += bound[best];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    bound.erase(bound.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return design;
}

double information_of(const FitProblem& problem, std::span<const double> parameters,
                      const std::vector<int>& settings) {
  FitProblem with = problem;
  with.settings.insert(with.settings.end(), settings.begin(), settings.end());
  return information_before(with, parameters).log_det() -
         information_before(problem, parameters).log_det();
}

}  // namespace lightloom::calibration
