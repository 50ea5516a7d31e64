#include "calibration/problem/fit_problem.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

/// rho(s) of a squared residual and the factor its residual and row are multiplied by.
struct Robust {
  double rho = 0, row_factor = 1;
};
Robust robust(double residual, const Loss& loss) {
  const double size = std::abs(residual);
  if (loss.huber <= 0 || size <= loss.huber) return {residual * residual, 1};
  return {2 * loss.huber * size - loss.huber * loss.huber, std::sqrt(loss.huber / size)};
}

}  // namespace

SettingResiduals setting_residuals(const FitProblem& problem, int setting,
                                   std::span<const double> model) {
  const std::span<const double> measured = problem.data->readings_of(setting);
  const double* sigma = &problem.sigma[static_cast<std::size_t>(setting) * problem.data->block()];
  const double source = problem.data->source(setting);
  SettingResiduals result;
  result.residual.assign(model.size(), 0.0);
  result.row_weight.assign(model.size(), 0.0);
  for (std::size_t row = 0; row < model.size(); ++row) {
    if (!(sigma[row] > 0)) continue;
    const double raw = (model[row] - measured[row] / source) / sigma[row];
    const Robust r = robust(raw, problem.loss);
    result.cost += 0.5 * r.rho;
    result.residual[row] = raw * r.row_factor;
    result.row_weight[row] = r.row_factor / sigma[row];
  }
  return result;
}

double prior_cost(const FitProblem& problem, std::span<const double> parameters) {
  double cost = 0;
  for (const int p : problem.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    if (problem.prior.sigma.empty() || problem.prior.sigma[i] <= 0) continue;
    const double r = (parameters[i] - problem.prior.mean[i]) / problem.prior.sigma[i];
    cost += 0.5 * r * r;
  }
  return cost;
}

double fit_cost(const FitProblem& problem, std::span<const double> parameters) {
  const auto count = problem.settings.size();
  std::vector<double> costs(count);
#pragma omp parallel for schedule(dynamic) if (problem.data->block() >= 144)
  for (std::size_t s = 0; s < count; ++s) {
    std::vector<double> model(problem.data->block());
    predict(*problem.shape, parameters, problem.data->voltages_of(problem.settings[s]),
            problem.data->inputs, model);
    costs[s] = setting_residuals(problem, problem.settings[s], model).cost;
  }
  double cost = prior_cost(problem, parameters);
  for (const double c : costs) cost += c;
  return cost;
}

std::vector<double> residuals(const FitProblem& problem, std::span<const double> parameters) {
  const std::size_t block = problem.data->block();
  std::vector<double> all(problem.settings.size() * block);
  FitProblem plain = problem;
  plain.loss = {};
#pragma omp parallel for schedule(dynamic) if (problem.data->block() >= 144)
  for (std::size_t s = 0; s < problem.settings.size(); ++s) {
    std::vector<double> model(block);
    predict(*problem.shape, parameters, problem.data->voltages_of(problem.settings[s]),
            problem.data->inputs, model);
    const SettingResiduals one = setting_residuals(plain, problem.settings[s], model);
    for (std::size_t row = 0; row < block; ++row) all[s * block + row] = -one.residual[row];
  }
  return all;
}

DenseJacobian dense_jacobian(const FitProblem& problem, std::span<const double> parameters) {
  const ChipShape& shape = *problem.shape;
  const BaseColumns columns = base_columns(shape, problem.free);
  const std::size_t block = problem.data->block();
  DenseJacobian result{static_cast<int>(problem.settings.size() * block), problem.free.size(), {}};
  const auto rows = static_cast<std::size_t>(result.rows);
  result.values.assign(rows * static_cast<std::size_t>(result.columns), 0.0);
  std::vector<double> phases(static_cast<std::size_t>(shape.heater_count())), weight(block);
  SettingDerivatives derivatives;
  for (std::size_t s = 0; s < problem.settings.size(); ++s) {
    const std::span<const double> voltages = problem.data->voltages_of(problem.settings[s]);
    const double* sigma = &problem.sigma[static_cast<std::size_t>(problem.settings[s]) * block];
    for (std::size_t row = 0; row < block; ++row) weight[row] = sigma[row] > 0 ? 1 / sigma[row] : 0;
    heater_phases(shape, parameters, voltages, phases);
    differentiate(shape, parameters, phases, problem.data->inputs, columns, weight, derivatives);
    const Expansion e = expand(shape, parameters, voltages, columns, problem.free);
    for (std::size_t j = 0; j + 1 < e.start.size(); ++j) {
      double* target = &result.values[j * rows + s * block];
      for (int t = e.start[j]; t < e.start[j + 1]; ++t) {
        const auto at = static_cast<std::size_t>(t);
        const double* from = &derivatives.jacobian[static_cast<std::size_t>(e.column[at]) * block];
        for (std::size_t row = 0; row < block; ++row) target[row] += e.weight[at] * from[row];
      }
    }
  }
  return result;
}

}  // namespace lightloom::calibration
