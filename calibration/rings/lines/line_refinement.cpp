#include "calibration/rings/lines/line_refinement.hpp"

#include <algorithm>
#include <numbers>
#include <utility>

#include "calibration/rings/lines/spectrum_noise.hpp"
#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

constexpr double most_ripple = 0.4;  // facets make less; what swings further is part of a line

/// Whether no two lines have become one, which a sum of two of any signs may be.
bool apart_in(const LineAttempt& fit) {
  for (std::size_t a = 0; a < fit.shape.lines; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double* one = &fit.x[fit.shape.front() + 4 * a];
      const double* other = &fit.x[fit.shape.front() + 4 * b];
      if (std::abs(one[0] - other[0]) < 0.15 * (std::exp(one[1]) + std::exp(other[1])))
        return false;
    }
  }
  return true;
}

/// RMS residual over the deepest line.
double share_left(const LineAttempt& fit, std::span<const double> residuals, const LineData& data) {
  double depth = 1e-300, squares = 0;
  for (std::size_t k = 0; k < fit.shape.lines; ++k)
    depth = std::max(depth, std::abs(fit.x[fit.shape.front() + 4 * k + 2]));
  for (std::size_t i = 0; i < residuals.size(); ++i)
    squares += residuals[i] * residuals[i] * data.sigma[i] * data.sigma[i];
  return std::sqrt(squares / static_cast<double>(residuals.size())) / depth;
}

/// The fit with line k as two.
LineAttempt split(const LineAttempt& fit, std::size_t k, const LineData& data) {
  LineAttempt best;
  for (const double apart : {0.25, 0.45}) {
    LineShape shape = fit.shape;
    std::vector<double> x = fit.x;
    ++shape.lines;
    const std::size_t at = shape.front() + 4 * k;
    std::vector<double> other(x.begin() + static_cast<std::ptrdiff_t>(at),
                              x.begin() + static_cast<std::ptrdiff_t>(at) + 4);
    const double width = std::exp(x[at + 1]);
    other[0] += apart * width;
    x[at] -= apart * width;
    other[1] = x[at + 1] += std::log(0.6);
    other[2] = x[at + 2] *= 0.7;
    other[3] = x[at + 3] = 0;
    x.insert(x.end(), other.begin(), other.end());
    LineAttempt found = fit_shape(shape, std::move(x), data);
    if (found.cost < best.cost && apart_in(found)) best = std::move(found);
  }
  return best;
}

/// The derivatives of the residuals, columns of length 1 and those lengths.
struct Slopes {
  Eigen::MatrixXd columns;
  Eigen::VectorXd lengths;
};
Slopes slopes_of(const LineAttempt& fit, const LineData& data) {
  const auto rows = static_cast<std::size_t>(line_rows(data)), columns = fit.x.size();
  std::vector<double> r(rows), j(rows * columns);
  line_residuals(fit.shape, data)(fit.x, r, j);
  Eigen::MatrixXd all(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t k = 0; k < columns; ++k)
      all(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = j[i * columns + k];
  const Eigen::VectorXd lengths = all.colwise().norm().transpose().cwiseMax(1e-300);
  return {all * lengths.cwiseInverse().asDiagonal(), lengths};
}

/// What a ripple of wave number k adds to the residuals, for A and B.
Eigen::MatrixXd ripple_columns(double k, const LineAttempt& fit, const LineData& data) {
  Eigen::MatrixXd columns = Eigen::MatrixXd::Zero(line_rows(data), 2);
  for (std::size_t i = 0; i < data.x_nm.size(); ++i) {
    const double t = (data.x_nm[i] - fit.shape.middle_nm) / fit.shape.reach_nm,
                 scale = line_power(fit.shape, fit.x, data.place(i), {}) / data.sigma[i];
    columns(static_cast<Eigen::Index>(i), 0) = scale * std::cos(k * t);
    columns(static_cast<Eigen::Index>(i), 1) = scale * std::sin(k * t);
  }
  return columns;
}

/// Residuals of all rows.
Eigen::VectorXd all_residuals(const LineAttempt& fit, const LineData& data) {
  std::vector<double> r(static_cast<std::size_t>(line_rows(data)));
  line_residuals(fit.shape, data)(fit.x, r, {});
  return Eigen::Map<const Eigen::VectorXd>(r.data(), static_cast<Eigen::Index>(r.size()));
}

/// h^T g^-1 h.
double quadratic(const Eigen::Matrix2d& g, const Eigen::Vector2d& h) {
  const double determinant = g(0, 0) * g(1, 1) - g(0, 1) * g(1, 0);
  if (!(determinant > 1e-9 * g(0, 0) * g(1, 1))) return 0;
  return (g(1, 1) * h[0] * h[0] - 2 * g(0, 1) * h[0] * h[1] + g(0, 0) * h[1] * h[1]) / determinant;
}

/// The wave number of the ripple that explains most of the residuals once all other parameters
/// have moved along (Rao's score); 0: none.
double best_wave_number(const LineAttempt& fit, const Slopes& slopes, const LineData& data) {
  const Eigen::VectorXd r = all_residuals(fit, data);
  const PivotedSolution solved = solve_pivoted(slopes.columns, r, 1e-10);
  if (solved.rank < slopes.columns.cols()) return 0;
  const double highest =
      std::min(200.0, 0.5 * std::numbers::pi * static_cast<double>(data.x_nm.size()) / 2);
  double best = 0, most = 0;
  for (double k = 1.5; k < highest; k += 0.25) {
    const Eigen::MatrixXd all = ripple_columns(k, fit, data);
    const Eigen::MatrixXd moved = solved.covariance * (slopes.columns.transpose() * all);
    const Eigen::MatrixXd own = all - slopes.columns * moved;
    if (own.squaredNorm() < 1e-4 * all.squaredNorm()) continue;  // an envelope, or the line
    const double gain = quadratic(own.transpose() * own, own.transpose() * r);
    if (gain > most) most = gain, best = k;
  }
  return best;
}

/// The fit with a ripple of wave number k, started where all parameters move along as far as that
/// is linear, and where they stay.
LineAttempt with_ripple(const LineAttempt& fit, LineShape shape, double k, const LineData& data) {
  const Slopes slopes = slopes_of(fit, data);
  Eigen::MatrixXd both(slopes.columns.rows(), slopes.columns.cols() + 2);
  both << slopes.columns, ripple_columns(k, fit, data);
  const Eigen::VectorXd step = solve_pivoted(both, -all_residuals(fit, data), 1e-10).x;
  shape.ripple = true;
  LineAttempt best;
  for (const bool along : {true, false}) {
    std::vector<double> x = fit.x;
    if (along)
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] += step[static_cast<Eigen::Index>(i)] / slopes.lengths[static_cast<Eigen::Index>(i)];
    const auto last = static_cast<Eigen::Index>(fit.x.size());
    x.insert(x.begin() + 3, {step[last], step[last + 1], k, 0.5});
    LineAttempt found = fit_shape(shape, std::move(x), data);
    const bool ripples = std::hypot(found.x[3], found.x[4]) < most_ripple;
    if (ripples && found.cost < best.cost) best = std::move(found);
  }
  return best;
}

/// The fit with a ripple of the period that explains most of the residuals.
LineAttempt rippled(const LineAttempt& fit, const LineData& data) {
  const double k = best_wave_number(fit, slopes_of(fit, data), data);
  return k == 0 ? LineAttempt{} : with_ripple(fit, fit.shape, k, data);
}

}  // namespace

LineAttempt fit_shape(const LineShape& shape, std::vector<double> x, const LineData& data) {
  std::vector<double> start(static_cast<std::size_t>(line_rows(data)));
  if (!line_residuals(shape, data)(x, start, {})) return {shape, std::move(x), INFINITY, false};
  const LeastSquaresSummary summary = minimise(line_residuals(shape, data), line_rows(data), x,
                                               {.max_iterations = 150, .function_tolerance = 1e-9});
  return {shape, std::move(x), std::isfinite(summary.final_cost) ? summary.final_cost : INFINITY,
          summary.converged};
}

std::vector<double> residuals_of(const LineAttempt& fit, const LineData& data) {
  std::vector<double> r(static_cast<std::size_t>(line_rows(data)));
  line_residuals(fit.shape, data)(fit.x, r, {});
  r.resize(data.x_nm.size());
  return r;
}

LineAttempt with_known_ripple(const LineAttempt& fit, const LineData& data) {
  LineAttempt found = with_ripple(fit, fit.shape, fit.shape.ripple_k, data);
  return found.cost < fit.cost ? found : fit;
}

double misfit_of(std::span<const double> residuals, std::size_t parameters) {
  double squares = 0;
  for (const double r : residuals) squares += r * r;
  const double freedom =
      std::max(1.0, static_cast<double>(residuals.size()) - static_cast<double>(parameters));
  const double quick = difference_sigma(residuals);
  return quick > 0 ? std::sqrt(squares / freedom) / quick : 1;
}

LineAttempt refined(LineAttempt fit, const LineData& data, std::size_t lines) {
  LineAttempt whole = fit;  // the best without splits
  for (int round = 0; round < 3; ++round) {
    const std::vector<double> r = residuals_of(fit, data);
    if (data.x_nm.size() < 2 * fit.x.size() || misfit_of(r, fit.x.size()) < 1.15 ||
        share_left(fit, r, data) < 5e-4)
      break;
    LineAttempt best;
    if (fit.shape.lines < 2 * lines)
      for (std::size_t k = 0; k < std::min<std::size_t>(fit.shape.lines, 4); ++k) {
        LineAttempt found = split(fit, k, data);
        if (found.cost < best.cost) best = std::move(found);
      }
    if (!fit.shape.ripple) {
      LineAttempt found = rippled(fit, data);
      if (found.cost < 0.98 * best.cost) best = std::move(found);
    }
    const double quick = difference_sigma(r);
    if (!(2 * (fit.cost - best.cost) > 30 * quick * quick) || !(best.cost < 0.85 * fit.cost)) break;
    fit = std::move(best);
    if (fit.shape.lines == whole.shape.lines) whole = fit;
  }
  // Two lines that leave much are no explanation: something else is wrong with the one.
  const double left = misfit_of(residuals_of(fit, data), fit.x.size());
  return fit.shape.lines > whole.shape.lines && left > 1.6 && fit.cost > 0.05 * whole.cost ? whole
                                                                                           : fit;
}

}  // namespace lightloom::calibration
