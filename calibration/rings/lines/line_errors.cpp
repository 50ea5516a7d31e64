#include "calibration/rings/lines/line_errors.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/solvers/dense.hpp"

namespace lightloom::calibration {
namespace {

/// Variance of one parameter whose reading i has the influence `share[i]` on.
double variance_of(std::span<const double> share, std::span<const double> r, std::size_t lags) {
  double sum = 0;
  for (std::size_t lag = 0; lag <= lags && lag < r.size(); ++lag) {
    double products = 0;
    for (std::size_t i = 0; i + lag < r.size(); ++i)
      products += share[i] * r[i] * share[i + lag] * r[i + lag];
    const double weight = 1 - static_cast<double>(lag) / static_cast<double>(lags + 1);
    sum += (lag == 0 ? 1 : 2) * weight * products;
  }
  return sum;
}

/// Residuals as they would be had each reading not drawn the curve to itself: over 1 - leverage.
/// Of few readings on the flank of a line, where the noise in wavelength shows, each draws much.
std::vector<double> undrawn(const Eigen::MatrixXd& slopes, const Eigen::MatrixXd& covariance,
                            std::span<const double> residuals) {
  const auto rows = static_cast<Eigen::Index>(residuals.size());
  const Eigen::VectorXd leverage =
      (slopes.topRows(rows) * covariance).cwiseProduct(slopes.topRows(rows)).rowwise().sum();
  std::vector<double> result(residuals.begin(), residuals.end());
  for (Eigen::Index i = 0; i < rows; ++i)
    result[static_cast<std::size_t>(i)] /= std::max(1 - leverage[i], 0.2);
  return result;
}

double correlation_of(std::span<const double> r) {
  double own = 0, next = 0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    own += r[i] * r[i];
    if (i + 1 < r.size()) next += r[i] * r[i + 1];
  }
  return own > 0 ? std::clamp(next / own, 0.0, 0.98) : 0;
}

/// Standard deviations of all parameters.
std::vector<double> deviations_of(const LineSolution& s, const LineData& data) {
  const std::size_t rows = data.x_nm.size(), columns = s.shape.size();
  const auto all = static_cast<std::size_t>(line_rows(data));
  std::vector<double> r(all), j(all * columns);
  line_residuals(s.shape, data)(s.parameters, r, j);
  Eigen::MatrixXd a(static_cast<Eigen::Index>(all), static_cast<Eigen::Index>(columns));
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    for (Eigen::Index k = 0; k < a.cols(); ++k)
      a(i, k) = j[static_cast<std::size_t>(i) * columns + static_cast<std::size_t>(k)];
  const Eigen::VectorXd lengths = a.colwise().norm().transpose().cwiseMax(1e-300);
  for (Eigen::Index k = 0; k < a.cols(); ++k) a.col(k) /= lengths[k];
  // What changes nothing (a line that ended outside the piece) says nothing of the others: a small
  // share of every column keeps its own variance finite.
  Eigen::MatrixXd held(a.rows() + a.cols(), a.cols());
  held << a, 1e-6 * Eigen::MatrixXd::Identity(a.cols(), a.cols());
  const PivotedSolution solved = solve_pivoted(held, Eigen::VectorXd::Zero(held.rows()), 1e-12);
  double squares = 0;
  for (const double one : s.residuals) squares += one * one;
  const double freedom = std::max(1.0, static_cast<double>(rows) - static_cast<double>(columns)),
               variance = squares / freedom, rho = correlation_of(s.residuals),
               grown = (1 + rho) / (1 - rho);
  const double step = (data.x_nm.back() - data.x_nm.front()) / static_cast<double>(rows);
  double widest = 0;
  for (std::size_t k = 0; k < s.shape.lines; ++k)
    widest =
        std::max(widest, std::exp(s.parameters[s.shape.front() + 4 * k + 1]) * s.shape.reach_nm);
  const auto lags =
      static_cast<std::size_t>(std::clamp(0.5 * widest / step, 1.0, static_cast<double>(rows) / 6));
  const std::vector<double> own = undrawn(a, solved.covariance, s.residuals);
  std::vector<double> deviations, share(rows);
  for (Eigen::Index k = 0; k < a.cols(); ++k) {
    const Eigen::VectorXd influence = a * solved.covariance.col(k);
    for (std::size_t i = 0; i < rows; ++i) share[i] = influence[static_cast<Eigen::Index>(i)];
    const double plain = variance * solved.covariance(k, k) * grown,
                 summed = variance_of(share, own, lags);
    deviations.push_back(std::sqrt(std::max({plain, summed, 0.0})) / lengths[k]);
  }
  return deviations;
}

/// Which of the fitted lines are the ring's, and which only help to describe what is beside them:
/// those of the other sign, outside, narrower than a third of a step, far shallower or broader.
std::vector<char> own_lines(const LineSolution& s, double step_nm) {
  const auto entry = [&](std::size_t k, std::size_t what) {
    return s.parameters[s.shape.front() + 4 * k + what];
  };
  const auto depth = [&](std::size_t k) {
    const double width_nm = std::exp(entry(k, 1)) * s.shape.reach_nm;
    const bool inside = std::abs(entry(k, 0)) < 0.95 && width_nm > step_nm / 3;
    return inside ? (s.shape.dips ? -entry(k, 2) : entry(k, 2)) : 0.0;
  };
  std::size_t deepest = 0;
  for (std::size_t k = 1; k < s.shape.lines; ++k)
    if (depth(k) > depth(deepest)) deepest = k;
  std::vector<char> own;
  for (std::size_t k = 0; k < s.shape.lines; ++k) {
    const double broader = std::exp(entry(k, 1) - entry(deepest, 1));
    const bool alike = depth(k) > 0.15 * depth(deepest) && broader < 3 && broader > 0.15;
    own.push_back(alike ? 1 : 0);
  }
  return own;
}

/// The parameters without the ring's lines.
std::vector<double> bare_of(const LineSolution& s, const std::vector<char>& own) {
  std::vector<double> bare(s.parameters.begin(), s.parameters.end());
  for (std::size_t k = 0; k < own.size(); ++k) {
    if (own[k] == 0) continue;
    bare[s.shape.front() + 4 * k + 2] = 0;
    bare[s.shape.front() + 4 * k + 3] = 0;
  }
  return bare;
}

/// Least power over what is beside the line, within two widths of its centre; not below what the
/// noise would hide. Where the parameters without lines give no power, the largest reading is
/// beside it.
double least_share(const LineSolution& s, const LineData& data, const std::vector<double>& bare,
                   const FittedLine& line) {
  double usual = 0;
  for (const double p : data.power) usual = std::max(usual, p);
  const double hidden = 0.3 * *std::min_element(data.sigma.begin(), data.sigma.end());
  double least = 1;
  for (int i = -200; i <= 200; ++i) {
    const double x = line.centre_nm + 0.01 * i * line.width_nm;
    double beside = line_power(s.shape, bare, {x}, {});
    if (!(beside > 0.1 * usual) || beside > 3 * usual) beside = usual;
    least = std::min(least, std::max(line_power(s.shape, s.parameters, {x}, {}), hidden) / beside);
  }
  return least;
}

void measure_residuals(const LineSolution& s, const LineData& data, LineFit& result) {
  double depth = 0, squares = 0;
  for (const FittedLine& line : result.lines) depth = std::max(depth, std::abs(line.alpha));
  for (std::size_t i = 0; i < data.x_nm.size(); ++i) {
    const double off = s.residuals[i] * data.sigma[i];
    squares += off * off;
    if (i > 0) result.jump = std::max(result.jump, std::abs(data.power[i] - data.power[i - 1]));
  }
  double beside = 1;
  if (result.shape.dips) {
    std::vector<double> powers(data.power);
    const auto middle = powers.begin() + static_cast<std::ptrdiff_t>(powers.size() / 2);
    std::nth_element(powers.begin(), middle, powers.end());
    beside = *middle;
  }
  const double level = std::max(depth * beside, 1e-300);
  result.jump /= level;
  result.residual = std::sqrt(squares / static_cast<double>(data.x_nm.size())) / level;
}

}  // namespace

void describe_lines(const LineSolution& s, const LineData& data, LineFit& result) {
  const std::vector<double> sigma = deviations_of(s, data);
  const double step =
      (data.x_nm.back() - data.x_nm.front()) / static_cast<double>(data.x_nm.size());
  const std::vector<char> own = own_lines(s, step);
  const std::vector<double> bare = bare_of(s, own);
  result.base = s.parameters[0];
  for (std::size_t k = 0; k < s.shape.lines; ++k) {
    if (own[k] == 0) continue;
    const std::size_t at = s.shape.front() + 4 * k;
    FittedLine line{.centre_nm = s.shape.middle_nm + s.shape.reach_nm * s.parameters[at],
                    .centre_sigma = s.shape.reach_nm * sigma[at],
                    .width_nm = s.shape.reach_nm * std::exp(s.parameters[at + 1])};
    line.width_sigma = line.width_nm * sigma[at + 1];
    // Over what is beside where the line is, with whatever helps to describe that.
    std::vector<double> slope(s.shape.size());
    const double beside = line_power(s.shape, bare, {line.centre_nm}, slope),
                 scale = s.shape.dips ? beside / slope[0] : 1;
    line.alpha = s.parameters[at + 2] / scale;
    line.alpha_sigma = std::abs(sigma[at + 2] / scale);
    line.beta = s.parameters[at + 3] / scale;
    line.least = s.shape.dips ? least_share(s, data, bare, line) : 0;
    result.lines.push_back(line);
  }
  measure_residuals(s, data, result);
}

}  // namespace lightloom::calibration
