#include "calibration/fit/conclusion.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/problem/covariance.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "calibration/solvers/cholesky.hpp"

namespace lightloom::calibration {

void conclude(FitProblem& problem, const FitCard& card, FitResult& result) {
  problem.loss = {};
  const std::vector<double> r = residuals(problem, result.parameters);
  const std::size_t block = problem.data->block();
  for (std::size_t i = 0; i < r.size(); ++i) {
    const std::size_t s = static_cast<std::size_t>(problem.settings[i / block]);
    if (!(problem.sigma[s * block + i % block] > 0)) continue;
    if (card.huber > 0 && std::abs(r[i]) > outlier_sigmas) {
      ++result.outliers;
      continue;
    }
    ++result.readings;
    result.chi2 += r[i] * r[i];
    if (card.huber == 0 && std::abs(r[i]) > outlier_sigmas) ++result.outliers;
  }
  double priors = 0;
  for (const int p : problem.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    if (problem.prior.sigma.empty() || problem.prior.sigma[i] <= 0) continue;
    const double pull = (result.parameters[i] - problem.prior.mean[i]) / problem.prior.sigma[i];
    result.chi2 += pull * pull;
    ++priors;
  }
  result.dof = static_cast<double>(result.readings) + priors - problem.free.size();
  NormalEquations equations = normal_equations(problem, result.parameters);
  result.triangle = std::move(equations.hessian);
  const double added = cholesky(result.triangle, equations.size);
  if (added > 0)
    result.notes.push_back(
        fmt::format("the normal matrix is singular to {:.0e}: some standard "
                    "deviations are lower bounds",
                    added));
  const Covariance covariance = covariance_of(result.triangle, equations.size);
  result.sigma.assign(result.parameters.size(), 0.0);
  for (std::size_t f = 0; f < problem.free.parameters.size(); ++f)
    result.sigma[static_cast<std::size_t>(problem.free.parameters[f])] = covariance.sigma[f];
  for (const auto& [i, j, value] : covariance.correlations)
    result.correlations.push_back({problem.free.parameters[static_cast<std::size_t>(i)],
                                   problem.free.parameters[static_cast<std::size_t>(j)], value});
  result.free = problem.free;
}

void name_doubtful(const ChipShape& shape, const FitCard& card, FitResult& result) {
  const double design = std::numbers::pi / (card.pi_voltage_V * card.pi_voltage_V);
  for (int h = 0; h < shape.heater_count(); ++h) {
    const auto p = static_cast<std::size_t>(shape.parameters.at(ParameterKind::efficiency, h));
    if (result.sigma[p] == 0 || std::abs(result.parameters[p] / design - 1) < 8 * card.heater_sigma)
      continue;
    result.notes.push_back(fmt::format(
        "{} has gamma = {:.4g} rad/V^2, {:.0f} % of its design: {}", heater_name(shape.topology, h),
        result.parameters[p], 100 * result.parameters[p] / design,
        result.parameters[p] < 0.3 * design ? "it hardly responds"
                                            : "check its wiring and resistance"));
  }
}

}  // namespace lightloom::calibration
