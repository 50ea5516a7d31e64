#include "calibration/fit/mesh_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "calibration/fit/conclusion.hpp"
#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/sweep_start.hpp"
#include "calibration/measurement/data_check.hpp"
#include "calibration/model/gauge.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/held_out.hpp"
#include "calibration/problem/identifiability.hpp"
#include "calibration/problem/solve.hpp"
#include "calibration/solvers/least_squares.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The parameters a fit frees, without the gauge.
std::vector<bool> freed(const ChipShape& shape, const FitCard& card) {
  std::vector<bool> is_free = free_kinds(shape.parameters, fitted_kinds(card));
  hold_gauge(shape, is_free);
  return is_free;
}

/// gamma and phi_0 of a heater that never changes are one number: gamma is held.
void hold_constant_heaters(const ChipShape& shape, const Measurements& data,
                           std::vector<bool>& is_free, FitResult& result) {
  for (int h = 0; h < shape.heater_count(); ++h) {
    const auto heater = static_cast<std::size_t>(h);
    double low = INFINITY, high = -INFINITY;
    for (int s = 0; s < data.settings; ++s) {
      low = std::min(low, data.voltages_of(s)[heater]);
      high = std::max(high, data.voltages_of(s)[heater]);
    }
    if (high - low > 1e-6 * std::max(1.0, std::abs(high))) continue;
    is_free[static_cast<std::size_t>(shape.parameters.at(ParameterKind::efficiency, h))] = false;
    is_free[static_cast<std::size_t>(shape.parameters.at(ParameterKind::curvature, h))] = false;
    result.notes.push_back(
        fmt::format("{} holds one voltage in all settings: its gamma cannot be told from its phi_0 "
                    "and is held; more data needed: settings in which it moves",
                    heater_name(shape.topology, h)));
  }
}

void hold_silent_heaters(const ChipShape& shape, const FitResult& result,
                         std::vector<double>& parameters, std::vector<bool>& is_free) {
  for (const int heater : result.silent) {
    for (const ParameterKind kind : {ParameterKind::efficiency, ParameterKind::curvature}) {
      const auto p = static_cast<std::size_t>(shape.parameters.at(kind, heater));
      parameters[p] = 0;
      is_free[p] = false;
    }
  }
}

void hold_dead(FitProblem& problem, std::span<const double> parameters, FitResult& result) {
  result.dead = dead_parameters(problem, parameters);
  if (result.dead.empty()) return;
  std::vector<bool> is_free(parameters.size());
  for (const int p : problem.free.parameters) is_free[static_cast<std::size_t>(p)] = true;
  for (const int p : result.dead) {
    is_free[static_cast<std::size_t>(p)] = false;
    result.notes.push_back(
        fmt::format("no reading depends on {}: held", problem.shape->parameters.name(p)));
  }
  problem.free = free_set(is_free);
}

/// Adds what the start may be wrong by to the noise, so that the first steps are not ruled by the
/// darkest readings.
std::vector<double> widened(std::vector<double> sigma, double floor) {
  for (double& s : sigma)
    if (s > 0) s = std::hypot(s, floor);
  return sigma;
}

void without(std::vector<bool>& is_free, const ChipShape& shape,
             const std::vector<ParameterKind>& later) {
  for (const ParameterKind kind : later)
    for (int i = 0; i < shape.parameters.count(kind); ++i)
      is_free[static_cast<std::size_t>(shape.parameters.at(kind, i))] = false;
}

}  // namespace

FitResult fit_mesh(const ChipShape& shape, const Measurements& data, const FitCard& card) {
  require(!data.sweeps.empty(),
          "calibrate: the data hold no sweeps of single heaters and no start was given (phi_0 of a "
          "heater is anything between 0 and 2 pi: sweep the heaters, or start from a device card)");
  SweepStart start = start_from_sweeps(shape, design_start(shape, card),
                                       data.sweeps);  // gamma 0 marks silent heaters
  FitResult result = fit_mesh(shape, data, card, std::move(start.parameters));
  result.notes.insert(result.notes.begin(), start.problems.begin(), start.problems.end());
  return result;
}

FitResult fit_mesh(const ChipShape& shape, const Measurements& data, const FitCard& card,
                   std::vector<double> start) {
  refuse_bad_data(shape, data);
  FitResult result;
  std::vector<bool> all_free = freed(shape, card);
  for (int h = 0; h < shape.heater_count(); ++h)
    if (start[static_cast<std::size_t>(shape.parameters.at(ParameterKind::efficiency, h))] == 0)
      result.silent.push_back(h);
  hold_constant_heaters(shape, data, all_free, result);
  hold_silent_heaters(shape, result, start, all_free);
  result.parameters = std::move(start);

  FitProblem problem{.shape = &shape, .data = &data, .prior = design_prior(shape, card)};
  const auto stage = [&](const char* name, double floor, const std::vector<int>& settings,
                         const std::vector<bool>& is_free, const LeastSquaresOptions& options) {
    const double begin = now_s();
    problem.sigma = widened(predicted_sigma(shape, data, result.parameters), floor);
    problem.settings = settings;
    problem.free = free_set(is_free);
    hold_dead(problem, result.parameters, result);
    const LeastSquaresSummary summary = solve(problem, result.parameters, options, card.solver);
    const auto count = static_cast<double>(settings.size() * data.block());
    result.stages.push_back({name, summary.iterations, summary.inner_iterations,
                             2 * summary.final_cost / count, now_s() - begin, summary.converged,
                             summary.message});
    result.converged = summary.converged;
  };

  const std::vector<int> fitted = fitted_settings(data.settings, card.held_out);
  std::vector<bool> first_free = all_free;
  without(first_free, shape,
          {ParameterKind::crosstalk, ParameterKind::coupling, ParameterKind::curvature,
           ParameterKind::arm_gain, ParameterKind::offset});
  // Four readings per unknown are enough to come near; the last stages take them all.
  const std::size_t unknowns =
      static_cast<std::size_t>(std::count(all_free.begin(), all_free.end(), true));
  const std::size_t enough = std::max<std::size_t>(16, (4 * unknowns) / data.block() + 1);
  const std::vector<int> some(fitted.begin(), fitted.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                   enough, fitted.size())));
  const double typical = 1.0 / shape.ports();
  problem.loss.huber = 3;
  stage("C, wide noise", 0.3 * typical, some, first_free,
        {.max_iterations = card.max_iterations, .function_tolerance = 1e-3});
  stage("D, half-wide noise", 0.05 * typical, some, all_free,
        {.max_iterations = card.max_iterations, .function_tolerance = 1e-3});
  problem.loss.huber = card.huber;
  stage("D", 0, fitted, all_free,
        {.max_iterations = card.max_iterations, .function_tolerance = 1e-5});
  stage("D, noise of the fit", 0, fitted, all_free,
        {.max_iterations = card.max_iterations, .function_tolerance = card.tolerance});
  conclude(problem, card, result);
  name_doubtful(shape, card, result);
  problem.settings = kept_settings(data.settings, card.held_out);
  result.held_out = compare_held_out(problem, result.parameters, result.triangle,
                                     {.cut = card.huber > 0 ? outlier_sigmas : 0});
  return result;
}

}  // namespace lightloom::calibration
