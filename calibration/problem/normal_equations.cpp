#include "calibration/problem/normal_equations.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <optional>

#include "calibration/problem/expansion.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/solvers/dense.hpp"
#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

template <class Scalar>
using MatrixOf = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

/// Free parameters that are one base column each, and those that are sums of several.
struct Sorted {
  std::vector<std::size_t> plain, mixed;
};
Sorted sorted(const Expansion& e) {
  Sorted result;
  for (std::size_t f = 0; f + 1 < e.start.size(); ++f)
    (e.start[f + 1] - e.start[f] == 1 ? result.plain : result.mixed).push_back(f);
  return result;
}

/// hessian += factor E^T M E, the upper half (i <= j). Most parameters are one base column; for the
/// others M E is formed column by column first.
template <class Scalar>
void add_expanded(const Expansion& e, const MatrixOf<Scalar>& m, double factor,
                  std::span<double> hessian) {
  const std::size_t size = e.start.size() - 1;
  const Sorted kinds = sorted(e);
  const auto first = [&](std::size_t f) { return static_cast<std::size_t>(e.start[f]); };
  const auto entry = [&](std::size_t i, std::size_t j) -> double& {
    return hessian[std::max(i, j) * size + std::min(i, j)];
  };
  const auto add_plain = [&](std::size_t i, std::size_t j, const Scalar* column, double weight) {
    entry(i, j) += weight * e.weight[first(i)] * static_cast<double>(column[e.column[first(i)]]);
  };
  FirstException first_exception;
#pragma omp parallel if (size > 256)
  {
    std::optional<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>> own;  // all else allocates nothing
    first_exception.run([&] { own.emplace(m.rows()); });
#pragma omp for schedule(dynamic, 16) nowait
    for (std::size_t b = 0; b < kinds.plain.size(); ++b) {
      const std::size_t j = kinds.plain[b];
      const Scalar* column = m.col(e.column[first(j)]).data();
      for (std::size_t a = 0; a <= b; ++a)
        add_plain(kinds.plain[a], j, column, factor * e.weight[first(j)]);
    }
#pragma omp for schedule(dynamic, 16)
    for (std::size_t b = 0; b < kinds.mixed.size(); ++b) {
      if (!own) continue;
      Eigen::Matrix<Scalar, Eigen::Dynamic, 1>& mixed = *own;
      const std::size_t j = kinds.mixed[b];
      mixed.setZero();
      for (auto t = first(j); t < first(j + 1); ++t)
        mixed += static_cast<Scalar>(e.weight[t]) * m.col(e.column[t]);
      for (const std::size_t i : kinds.plain) add_plain(i, j, mixed.data(), factor);
      for (std::size_t a = 0; a <= b; ++a) {
        const std::size_t i = kinds.mixed[a];
        double sum = 0;
        for (auto t = first(i); t < first(i + 1); ++t)
          sum += e.weight[t] * static_cast<double>(mixed[e.column[t]]);
        entry(i, j) += factor * sum;
      }
    }
  }
  first_exception.rethrow();
}

/// gradient += E^T b.
void add_gradient(const Expansion& e, const Eigen::VectorXd& b, std::span<double> gradient) {
  for (std::size_t f = 0; f < gradient.size(); ++f)
    for (auto t = static_cast<std::size_t>(e.start[f]);
         t < static_cast<std::size_t>(e.start[f + 1]); ++t)
      gradient[f] += e.weight[t] * b[e.column[t]];
}

void add_prior(const FitProblem& problem, std::span<const double> parameters,
               std::span<double> hessian, std::span<double> gradient) {
  if (problem.prior.sigma.empty()) return;
  const std::size_t size = problem.free.parameters.size();
  for (std::size_t f = 0; f < size; ++f) {
    const auto i = static_cast<std::size_t>(problem.free.parameters[f]);
    if (problem.prior.sigma[i] <= 0) continue;
    const double weight = 1 / (problem.prior.sigma[i] * problem.prior.sigma[i]);
    if (!gradient.empty()) gradient[f] += weight * (parameters[i] - problem.prior.mean[i]);
    hessian[f * (size + 1)] += weight;
  }
}

/// The lower half from the upper, by tiles.
void mirror(std::span<double> hessian, int n) {
  Eigen::Map<Eigen::MatrixXd> h(hessian.data(), n, n);
  constexpr Eigen::Index tile = 64;
#pragma omp parallel for schedule(dynamic) if (n > 1000)
  for (Eigen::Index j = 0; j < n; j += tile) {
    const Eigen::Index wide = std::min<Eigen::Index>(tile, n - j);
    for (Eigen::Index i = 0; i < j; i += tile)
      h.block(j, i, wide, tile) = h.block(i, j, tile, wide).transpose();
    h.block(j, j, wide, wide).triangularView<Eigen::StrictlyLower>() =
        h.block(j, j, wide, wide).transpose();
  }
}

/// Some of a problem's settings, which count so many times.
struct WeightedSettings {
  const std::vector<int>& settings;
  double factor = 1;
};

/// Where sums go: J^T J, and J^T r unless the gradient is empty.
struct NormalSums {
  std::span<double> hessian, gradient;
};

/// Sums factor J^T J of the settings, and J^T r and the cost where a gradient is asked for.
template <class Scalar>
double accumulate(const FitProblem& problem, std::span<const double> parameters,
                  const WeightedSettings& some, const NormalSums& sums) {
  const auto& [settings, factor] = some;
  const auto& [hessian, gradient] = sums;
  const ChipShape& shape = *problem.shape;
  const BaseColumns columns = base_columns(shape, problem.free);
  const auto rows = static_cast<Eigen::Index>(problem.data->block());
  MatrixOf<Scalar> m(columns.size, columns.size), base;
  std::vector<double> phases(static_cast<std::size_t>(shape.heater_count())),
      model(problem.data->block());
  SettingDerivatives derivatives;
  double cost = 0;
  for (const int setting : settings) {
    const std::span<const double> voltages = problem.data->voltages_of(setting);
    heater_phases(shape, parameters, voltages, phases);
    predict_at({shape, parameters}, phases, problem.data->inputs, model);
    const SettingResiduals r = setting_residuals(problem, setting, model, problem.loss);
    differentiate({shape, parameters}, {phases, problem.data->inputs}, {columns, r.row_weight},
                  derivatives);
    const Eigen::Map<const Eigen::MatrixXd> jacobian(derivatives.jacobian.data(), rows,
                                                     columns.size);
    base = jacobian.cast<Scalar>();
    gram(base, m);
    const Expansion e = expand({shape, parameters}, voltages, columns, problem.free);
    add_expanded(e, m, factor, hessian);
    if (gradient.empty()) continue;
    const Eigen::Map<const Eigen::VectorXd> residual(r.residual.data(), rows);
    add_gradient(e, jacobian.transpose() * residual, gradient);
    cost += r.cost;
  }
  return cost;
}

}  // namespace

NormalEquations normal_equations(const FitProblem& problem, std::span<const double> parameters) {
  const auto size = static_cast<std::size_t>(problem.free.size());
  NormalEquations equations{problem.free.size(), std::vector<double>(size * size),
                            std::vector<double>(size), prior_cost(problem, parameters)};
  equations.cost += accumulate<double>(problem, parameters, {problem.settings},
                                       {equations.hessian, equations.gradient});
  add_prior(problem, parameters, equations.hessian, equations.gradient);
  mirror(equations.hessian, equations.size);
  return equations;
}

void rough_hessian(const FitProblem& problem, std::span<const double> parameters,
                   double rows_per_unknown, std::span<double> hessian) {
  const std::size_t all = problem.settings.size();
  const double wanted =
      rows_per_unknown * problem.free.size() / static_cast<double>(problem.data->block());
  const auto some = std::clamp<std::size_t>(static_cast<std::size_t>(wanted) + 1, 1, all);
  std::vector<int> settings;
  for (std::size_t s = 0; s < some; ++s) settings.push_back(problem.settings[s * all / some]);
  std::fill(hessian.begin(), hessian.end(), 0.0);
  accumulate<float>(problem, parameters,
                    {settings, static_cast<double>(all) / static_cast<double>(some)},
                    {hessian, {}});
  add_prior(problem, parameters, hessian, {});
  mirror(hessian, problem.free.size());
}

}  // namespace lightloom::calibration
