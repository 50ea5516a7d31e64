#include "calibration/elements/fringe_model.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

double sized(double value) { return std::isfinite(value) ? value : 1e150; }

/// A voltage of the sweep, and when it was set: from -1/2 to 1/2.
struct SweepPoint {
  double volts, time;
};

/// One reading of the model, and where `slope` is not empty its derivatives.
double fringe_value(const FringeModel& model, std::span<const double> x, const SweepPoint& at,
                    std::span<double> slope) {
  const auto [volts, time] = at;
  const std::size_t terms = model.powers.size(), extra = 2 + terms;
  double phase = 0;
  for (std::size_t k = 0; k < terms; ++k) phase += x[2 + k] * std::pow(volts, model.powers[k]);
  const double cosine = std::cos(phase), sine = std::sin(phase);
  const bool fades = model.fault == FringeFault::fading,
             bends = model.fault == FringeFault::harmonics;
  const double factor = fades ? 1 + x[extra] * time : 1, plain = x[0] + x[1] * cosine;
  double value = factor * plain, by_phase = -factor * x[1] * sine;
  if (bends) {
    value += x[extra] * std::cos(2 * phase) + x[extra + 1] * std::sin(2 * phase);
    by_phase += 2 * (x[extra + 1] * std::cos(2 * phase) - x[extra] * std::sin(2 * phase));
  }
  if (slope.empty()) return sized(value);
  slope[0] = factor;
  slope[1] = factor * cosine;
  for (std::size_t k = 0; k < terms; ++k)
    slope[2 + k] = by_phase * std::pow(volts, model.powers[k]);
  if (fades) slope[extra] = time * plain;
  if (bends) {
    slope[extra] = std::cos(2 * phase);
    slope[extra + 1] = std::sin(2 * phase);
  }
  return sized(value);
}

double time_of(std::size_t i, std::size_t count) {
  return count < 2 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1) - 0.5;
}

ResidualFunction fringe_function(const FringeModel& model, const FringeSweepData& data) {
  return [&model, &data](std::span<const double> x, std::span<double> r,
                         std::span<double> jacobian) {
    const std::size_t columns = model.size(), rows = data.volts.size();
    for (std::size_t i = 0; i < rows; ++i) {
      const auto slope = jacobian.empty() ? jacobian : jacobian.subspan(i * columns, columns);
      r[i] = fringe_value(model, x, {data.volts[i], time_of(i, rows)}, slope) - data.readings[i];
    }
    return true;
  };
}

}  // namespace

std::vector<int> powers_of(FringeLaw law) {
  switch (law) {
    case FringeLaw::quadratic:
      return {0, 2};
    case FringeLaw::self_heating:
      return {0, 2, 4};
    case FringeLaw::cubic:
      return {0, 1, 2, 3};
  }
  return {};
}

std::size_t FringeModel::size() const {
  return 2 + powers.size() +
         (fault == FringeFault::none     ? 0U
          : fault == FringeFault::fading ? 1U
                                         : 2U);
}

double FringeSolution::coefficient(int power) const {
  for (std::size_t k = 0; k < model.powers.size(); ++k)
    if (model.powers[k] == power) return x[2 + k];
  return 0;
}

double phase_change(const FringeSolution& solution, double volts) {
  double phase = 0;
  for (std::size_t k = 0; k < solution.model.powers.size(); ++k)
    if (solution.model.powers[k] > 0)
      phase += solution.x[2 + k] * std::pow(volts, solution.model.powers[k]);
  return phase;
}

std::vector<double> residuals_of(const FringeSolution& solution, const FringeSweepData& data) {
  std::vector<double> r(data.volts.size());
  fringe_function(solution.model, data)(solution.x, r, {});
  return r;
}

FringeSolution refine(const FringeModel& model, std::vector<double> start,
                      const FringeSweepData& data) {
  const LeastSquaresSummary summary =
      minimise(fringe_function(model, data), static_cast<int>(data.volts.size()), start,
               {.max_iterations = 200, .function_tolerance = 1e-12, .lower = {}, .upper = {}});
  FringeSolution solution{model, std::move(start), 2 * summary.final_cost, summary.converged};
  if (solution.x[1] < 0) {
    solution.x[1] = -solution.x[1];
    solution.x[2] += std::acos(-1.0);
  }
  return solution;
}

std::vector<double> start_from(const FringeSolution& solution, const FringeModel& model) {
  std::vector<double> x(model.size(), 0.0);
  x[0] = solution.x[0];
  x[1] = solution.x[1];
  for (std::size_t k = 0; k < model.powers.size(); ++k)
    x[2 + k] = solution.coefficient(model.powers[k]);
  return x;
}

std::vector<double> covariance_of(const FringeSolution& solution, const FringeSweepData& data) {
  const auto rows = static_cast<Eigen::Index>(data.volts.size()),
             columns = static_cast<Eigen::Index>(solution.model.size());
  std::vector<double> r(data.volts.size()), j(data.volts.size() * solution.model.size());
  fringe_function(solution.model, data)(solution.x, r, j);
  Eigen::MatrixXd a(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i)
    for (Eigen::Index k = 0; k < columns; ++k)
      a(i, k) = j[static_cast<std::size_t>(i * columns + k)];
  const Eigen::VectorXd lengths = a.colwise().norm().transpose().cwiseMax(1e-300);
  for (Eigen::Index k = 0; k < columns; ++k) a.col(k) /= lengths[k];
  const PivotedSolution solved = solve_pivoted(a, Eigen::VectorXd::Zero(rows), 1e-13);
  std::vector<double> covariance;
  for (Eigen::Index i = 0; i < columns; ++i)
    for (Eigen::Index k = 0; k < columns; ++k)
      covariance.push_back(solved.covariance(i, k) / (lengths[i] * lengths[k]));
  return covariance;
}

}  // namespace lightloom::calibration
