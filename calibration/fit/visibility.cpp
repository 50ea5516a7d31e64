#include "calibration/fit/visibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/model/gauge.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/identifiability.hpp"
#include "calibration/problem/normal_equations.hpp"
#include "calibration/solvers/cholesky.hpp"

namespace lightloom::calibration {
namespace {

/// The fit's free set with the gauge given back.
FreeSet without_gauge(const ChipShape& shape, const FitCard& card, const FitResult& fit) {
  std::vector<bool> is_free(fit.parameters.size()), held(fit.parameters.size(), true);
  hold_gauge(shape, held);
  const std::vector<bool> freed = free_kinds(shape.parameters, fitted_kinds(card));
  for (std::size_t p = 0; p < is_free.size(); ++p)
    is_free[p] = fit.free.has(static_cast<int>(p)) || (freed[p] && !held[p]);
  return free_set(is_free);
}

/// Whether moving along `direction` leaves the readings of a setting as they are.
bool invisible(const ChipShape& shape, const Measurements& data, std::span<const double> parameters,
               const std::vector<double>& direction) {
  std::vector<double> moved(parameters.begin(), parameters.end()), before(data.block()),
      after(data.block());
  double size = 0;
  for (const double d : direction) size = std::max(size, std::abs(d));
  for (std::size_t p = 0; p < moved.size(); ++p) moved[p] += 1e-3 * direction[p] / size;
  predict({shape, parameters}, data.voltages_of(0), data.inputs, before);
  predict({shape, moved}, data.voltages_of(0), data.inputs, after);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (std::abs(after[i] - before[i]) > 1e-9) return false;
  return true;
}

/// Free parameters whose pivot of the scaled J^T J vanishes.
std::vector<int> undetermined(const FitProblem& problem, std::span<const double> parameters) {
  NormalEquations equations = normal_equations(problem, parameters);
  const auto n = static_cast<std::size_t>(equations.size);
  std::vector<double> length(n);
  for (std::size_t i = 0; i < n; ++i) length[i] = std::sqrt(equations.hessian[i * (n + 1)]);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t i = 0; i < n; ++i)
      equations.hessian[j * n + i] /= std::max(length[i] * length[j], 1e-300);
  for (std::size_t i = 0; i < n; ++i) equations.hessian[i * (n + 1)] += 1e-14;
  cholesky(equations.hessian, equations.size);
  std::vector<int> open;
  for (std::size_t i = 0; i < n; ++i) {
    const double pivot = equations.hessian[i * (n + 1)];
    if (!(pivot * pivot > 1e-12) || length[i] == 0) open.push_back(problem.free.parameters[i]);
  }
  return open;
}

Visibility certified(FitProblem& problem, const FitResult& fit) {
  const ChipShape& shape = *problem.shape;
  Visibility result{.unknowns = problem.free.size()};
  for (const NullDirection& known : known_null_directions(shape, problem.free, fit.parameters))
    if (invisible(shape, *problem.data, fit.parameters, known.direction))
      result.null_directions.push_back(known.name);
  problem.free = fit.free;
  const std::vector<int> open = undetermined(problem, fit.parameters);
  result.rank = fit.free.size() - static_cast<int>(open.size());
  for (const int p : open) result.unexplained.push_back(shape.parameters.name(p));
  return result;
}

}  // namespace

Visibility visibility_of(const ChipShape& shape, const Measurements& data, const FitResult& fit,
                         const VisibilityOptions& options) {
  FitProblem problem{
      .shape = &shape, .data = &data, .free = without_gauge(shape, options.card, fit)};
  problem.sigma = predicted_sigma(shape, data, fit.parameters);
  const auto per_setting = static_cast<int>(data.block());
  const int wanted = std::max(12, (4 * problem.free.size() + per_setting - 1) / per_setting);
  const bool dense = problem.free.size() <= options.dense_limit;
  for (int s = 0; s < data.settings && (!dense || s < wanted); ++s) problem.settings.push_back(s);
  if (!dense) return certified(problem, fit);
  const Identifiability found = identify(problem, fit.parameters);
  return {.unknowns = found.parameters,
          .rank = found.rank,
          .null_directions = found.invisible,
          .unexplained = found.unexplained,
          .by_jacobian = true};
}

}  // namespace lightloom::calibration
