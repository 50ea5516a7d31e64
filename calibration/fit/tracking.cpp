#include "calibration/fit/tracking.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "calibration/measurement/data_check.hpp"
#include "calibration/problem/covariance.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "calibration/problem/solve.hpp"
#include "calibration/solvers/cholesky.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

void check(const ChipShape& shape, const Measurements& data) {
  const std::vector<std::string> errors = texts_of(
      check_data(shape, data).errors, {DataFault::few_settings, DataFault::static_voltages});
  if (!errors.empty())
    throw Error(fmt::format("these measurements cannot be fitted ({})", errors.front()));
}

/// Moving parameters, believed near where they were.
void believe(const DeviceFile& before, const DriftBelief& belief, FitProblem& problem) {
  const auto& [shape, parameters, sigma] = before;
  std::vector<bool> is_free(parameters.size());
  problem.prior.mean = parameters;
  problem.prior.sigma.assign(parameters.size(), 0.0);
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const ParameterKind kind = shape.parameters.kind_of(static_cast<int>(p));
    const bool phase = kind == ParameterKind::bias;
    if (!phase && kind != ParameterKind::input_gain && kind != ParameterKind::output_gain) continue;
    is_free[p] = sigma[p] > 0;  // the gauge stays held
    problem.prior.sigma[p] =
        std::hypot(sigma[p], phase ? belief.phase_sigma_rad : belief.power_sigma);
  }
  problem.free = free_set(is_free);
}

double rms(const FitProblem& problem, std::span<const double> parameters) {
  double squares = 0;
  const std::vector<double> r = residuals(problem, parameters);
  for (const double value : r) squares += value * value;
  return std::sqrt(squares / static_cast<double>(r.size()));
}

}  // namespace

Tracked track(const DeviceFile& before, const Measurements& data, const DriftBelief& belief) {
  const ChipShape& shape = before.shape;
  check(shape, data);
  Tracked result{.parameters = before.parameters, .sigma = before.sigma};
  FitProblem problem{.shape = &shape, .data = &data};
  problem.settings.resize(static_cast<std::size_t>(data.settings));
  std::iota(problem.settings.begin(), problem.settings.end(), 0);
  believe(before, belief, problem);
  require(problem.free.size() > 0,
          "track: the earlier calibration has no standard deviations (fit it first)");
  // Twice, because the noise follows the predicted readings; first with room for the drift.
  for (const double floor : {0.2 * belief.phase_sigma_rad / shape.ports(), 0.0, 0.0}) {
    problem.sigma = predicted_sigma(shape, data, result.parameters);
    for (double& s : problem.sigma)
      if (s > 0) s = std::hypot(s, floor);
    result.summary = solve(problem, result.parameters, {.max_iterations = 50});
  }
  problem.sigma = predicted_sigma(shape, data, result.parameters);
  result.before = rms(problem, before.parameters);
  result.after = rms(problem, result.parameters);
  NormalEquations equations = normal_equations(problem, result.parameters);
  cholesky(equations.hessian, equations.size);
  const Covariance covariance = covariance_of(equations.hessian, equations.size, 0);
  for (std::size_t f = 0; f < problem.free.parameters.size(); ++f)
    result.sigma[static_cast<std::size_t>(problem.free.parameters[f])] = covariance.sigma[f];
  return result;
}

}  // namespace lightloom::calibration
