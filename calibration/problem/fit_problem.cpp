#include "calibration/problem/fit_problem.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/problem/expansion.hpp"
#include "calibration/solvers/parallel_if.hpp"

namespace lightloom::calibration {
namespace {

/// rho(s) of a squared residual and the factor its residual and row are multiplied by.
struct Robust {
  double rho = 0, row_factor = 1;
};
Robust robust(double residual, const RobustLoss& loss) {
  const double size = std::abs(residual);
  if (loss.huber <= 0 || size <= loss.huber) return {residual * residual, 1};
  return {2 * loss.huber * size - loss.huber * loss.huber, std::sqrt(loss.huber / size)};
}

}  // namespace

SettingResiduals setting_residuals(const FitProblem& problem, int setting,
                                   std::span<const double> model, const RobustLoss& loss) {
  const std::span<const double> measured = problem.data->readings_of(setting);
  const double* sigma = &problem.sigma[static_cast<std::size_t>(setting) * problem.data->block()];
  const double source = problem.data->source(setting);
  SettingResiduals result;
  result.residual.assign(model.size(), 0.0);
  result.row_weight.assign(model.size(), 0.0);
  for (std::size_t row = 0; row < model.size(); ++row) {
    if (!(sigma[row] > 0)) continue;
    const double raw = (model[row] - measured[row] / source) / sigma[row];
    const Robust r = robust(raw, loss);
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
  parallel_if(threads_if(problem.data->large()), count, [&](std::size_t s) {
    std::vector<double> model(problem.data->block());
    predict({*problem.shape, parameters}, problem.data->voltages_of(problem.settings[s]),
            problem.data->inputs, model);
    costs[s] = setting_residuals(problem, problem.settings[s], model, problem.loss).cost;
  });
  double cost = prior_cost(problem, parameters);
  for (const double c : costs) cost += c;
  return cost;
}

std::vector<double> predicted_sigma(const ChipShape& shape, const Measurements& data,
                                    std::span<const double> parameters) {
  std::vector<double> sigma(data.readings.size());
  const std::size_t block = data.block();
  parallel_if(
      threads_if(data.large()), static_cast<std::size_t>(data.settings), [&](std::size_t setting) {
        const int s = static_cast<int>(setting);
        const std::span<double> own(&sigma[setting * block], block);
        predict({shape, parameters}, data.voltages_of(s), data.inputs, own);
        const double source = data.source(s);
        for (std::size_t row = 0; row < block; ++row) {
          const double reading = data.readings[setting * block + row];
          own[row] = std::isfinite(reading) ? data.noise.sigma(own[row] * source) / source : 0.0;
        }
      });
  return sigma;
}

std::vector<double> residuals_of(const FitProblem& problem, int setting,
                                 std::span<const double> parameters) {
  std::vector<double> model(problem.data->block());
  predict({*problem.shape, parameters}, problem.data->voltages_of(setting), problem.data->inputs,
          model);
  std::vector<double> residual = setting_residuals(problem, setting, model, {}).residual;
  for (double& r : residual) r = -r;
  return residual;
}

std::vector<double> residuals(const FitProblem& problem, std::span<const double> parameters) {
  const std::size_t block = problem.data->block();
  std::vector<double> all(problem.settings.size() * block);
  parallel_if(threads_if(problem.data->large()), problem.settings.size(), [&](std::size_t s) {
    const std::vector<double> own = residuals_of(problem, problem.settings[s], parameters);
    std::copy(own.begin(), own.end(), all.begin() + static_cast<std::ptrdiff_t>(s * block));
  });
  return all;
}

namespace {

DenseJacobian jacobian_of(const FitProblem& problem, std::span<const int> settings,
                          std::span<const double> parameters) {
  const ChipShape& shape = *problem.shape;
  const BaseColumns columns = base_columns(shape, problem.free);
  const std::size_t block = problem.data->block();
  DenseJacobian result{static_cast<int>(settings.size() * block), problem.free.size(), {}};
  const auto rows = static_cast<std::size_t>(result.rows);
  result.values.assign(rows * static_cast<std::size_t>(result.columns), 0.0);
  std::vector<double> phases(static_cast<std::size_t>(shape.heater_count())), weight(block);
  SettingDerivatives derivatives;
  for (std::size_t s = 0; s < settings.size(); ++s) {
    const std::span<const double> voltages = problem.data->voltages_of(settings[s]);
    const double* sigma = &problem.sigma[static_cast<std::size_t>(settings[s]) * block];
    for (std::size_t row = 0; row < block; ++row) weight[row] = sigma[row] > 0 ? 1 / sigma[row] : 0;
    heater_phases(shape, parameters, voltages, phases);
    differentiate({shape, parameters}, {phases, problem.data->inputs}, {columns, weight},
                  derivatives);
    const Expansion e = expand({shape, parameters}, voltages, columns, problem.free);
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

}  // namespace

DenseJacobian dense_jacobian(const FitProblem& problem, std::span<const double> parameters) {
  return jacobian_of(problem, problem.settings, parameters);
}

DenseJacobian dense_jacobian_of(const FitProblem& problem, int setting,
                                std::span<const double> parameters) {
  return jacobian_of(problem, {&setting, 1}, parameters);
}

}  // namespace lightloom::calibration
