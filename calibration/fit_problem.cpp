#include "calibration/fit_problem.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

using Matrix = Eigen::MatrixXd;
using Columns = Eigen::Map<const Matrix>;

/// rho(s) of a squared residual and the factor its residual and row are multiplied by.
struct Robust {
  double rho = 0, row_factor = 1;
};
Robust robust(double residual, const Loss& loss) {
  const double size = std::abs(residual);
  if (loss.huber <= 0 || size <= loss.huber) return {residual * residual, 1};
  return {2 * loss.huber * size - loss.huber * loss.huber, std::sqrt(loss.huber / size)};
}

struct SettingResiduals {
  double cost = 0;                 // half the sum of rho
  std::vector<double> residual;    // weighted (model - y) / sigma
  std::vector<double> row_weight;  // what the rows of the model's Jacobian are multiplied by
};

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

void add_prior(const FitProblem& problem, std::span<const double> parameters,
               NormalEquations& equations) {
  if (problem.prior.sigma.empty()) return;
  for (std::size_t f = 0; f < problem.free.parameters.size(); ++f) {
    const auto i = static_cast<std::size_t>(problem.free.parameters[f]);
    if (problem.prior.sigma[i] <= 0) continue;
    const double weight = 1 / (problem.prior.sigma[i] * problem.prior.sigma[i]);
    equations.gradient[f] += weight * (parameters[i] - problem.prior.mean[i]);
    equations.hessian[f * (problem.free.parameters.size() + 1)] += weight;
  }
}

/// B^T B by tiles of columns, each the work of one thread.
void gram(const Columns& base, Matrix& result) {
  constexpr Eigen::Index tile = 128;
  const Eigen::Index columns = base.cols(), tiles = (columns + tile - 1) / tile;
#pragma omp parallel for schedule(dynamic) if (tiles > 2)
  for (Eigen::Index t = 0; t < tiles * tiles; ++t) {
    const Eigen::Index i = t / tiles * tile, j = t % tiles * tile;
    if (i > j) continue;
    const Eigen::Index wide = std::min(tile, columns - i), high = std::min(tile, columns - j);
    result.block(i, j, wide, high).noalias() =
        base.middleCols(i, wide).transpose() * base.middleCols(j, high);
    if (i != j) result.block(j, i, high, wide) = result.block(i, j, wide, high).transpose();
  }
}

/// hessian += E^T M E and gradient += E^T b.
void add_expanded(const Expansion& e, const Matrix& m, const Eigen::VectorXd& b,
                  NormalEquations& equations) {
  const std::size_t size = e.start.size() - 1;
#pragma omp parallel if (size > 256)
  {
    Eigen::VectorXd mixed(m.rows());
#pragma omp for schedule(dynamic, 16)
    for (std::size_t j = 0; j < size; ++j) {
      mixed.setZero();
      double pull = 0;
      for (int t = e.start[j]; t < e.start[j + 1]; ++t) {
        const auto at = static_cast<std::size_t>(t);
        mixed += e.weight[at] * m.col(e.column[at]);
        pull += e.weight[at] * b[e.column[at]];
      }
      equations.gradient[j] += pull;
      double* column = &equations.hessian[j * size];
      for (std::size_t i = 0; i <= j; ++i) {
        double sum = 0;
        for (int t = e.start[i]; t < e.start[i + 1]; ++t)
          sum +=
              e.weight[static_cast<std::size_t>(t)] * mixed[e.column[static_cast<std::size_t>(t)]];
        column[i] += sum;
      }
    }
  }
}

void mirror(NormalEquations& equations) {
  const auto size = static_cast<std::size_t>(equations.size);
  for (std::size_t j = 0; j < size; ++j)
    for (std::size_t i = 0; i < j; ++i)
      equations.hessian[i * size + j] = equations.hessian[j * size + i];
}

}  // namespace

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

NormalEquations normal_equations(const FitProblem& problem, std::span<const double> parameters) {
  const auto size = static_cast<std::size_t>(problem.free.size());
  NormalEquations equations{problem.free.size(), std::vector<double>(size * size),
                            std::vector<double>(size), prior_cost(problem, parameters)};
  const ChipShape& shape = *problem.shape;
  const BaseColumns columns = base_columns(shape, problem.free);
  const auto rows = static_cast<Eigen::Index>(problem.data->block());
  Matrix m(columns.size, columns.size);
  std::vector<double> phases(static_cast<std::size_t>(shape.heater_count())),
      model(problem.data->block());
  SettingDerivatives derivatives;
  for (const int setting : problem.settings) {
    const std::span<const double> voltages = problem.data->voltages_of(setting);
    heater_phases(shape, parameters, voltages, phases);
    predict_at(shape, parameters, phases, problem.data->inputs, model);
    const SettingResiduals r = setting_residuals(problem, setting, model);
    differentiate(shape, parameters, phases, problem.data->inputs, columns, r.row_weight,
                  derivatives);
    const Columns base(derivatives.jacobian.data(), rows, columns.size);
    const Eigen::Map<const Eigen::VectorXd> residual(r.residual.data(), rows);
    gram(base, m);
    const Eigen::VectorXd pulls = base.transpose() * residual;
    add_expanded(expand(shape, parameters, voltages, columns, problem.free), m, pulls, equations);
    equations.cost += r.cost;
  }
  add_prior(problem, parameters, equations);
  mirror(equations);
  return equations;
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
