#include "calibration/laboratory/gamma_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace lightloom::calibration {
namespace {

constexpr double seen = 3;        // squares of fringe over noise from which on a heater shows
constexpr double well_lit = 50;   // and which are enough for gamma
constexpr double certain = 1e-3;  // relative squares of residuals that no outlier leaves

/// Sums of products of the readings along a sweep, weighted by entry: all that least squares with
/// any gamma needs.
struct Moments {
  std::size_t points;
  std::vector<double> sums;  // (points, points)
  double entries = 0;

  explicit Moments(std::size_t count) : points(count), sums(count * count) {}
  void add(std::span<const double> readings, double weight) {
    ++entries;
    for (std::size_t i = 0; i < points; ++i)
      for (std::size_t j = 0; j < points; ++j)
        sums[i * points + j] += weight * readings[i] * readings[j];
  }
};

/// Squares that 1, cos and sin of gamma V^2 explain: constant part, and the rest.
struct Explained {
  double constant = 0, fringe = 0, left = 0;
};
Explained explained(const Moments& moments, std::span<const double> squares, double gamma) {
  const std::size_t n = moments.points;
  std::array<std::vector<double>, 3> basis;
  for (auto& b : basis) b.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    basis[0][i] = 1;
    basis[1][i] = std::cos(gamma * squares[i]);
    basis[2][i] = std::sin(gamma * squares[i]);
  }
  std::array<double, 3> share{};
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      double dot = 0;
      for (std::size_t i = 0; i < n; ++i) dot += basis[a][i] * basis[b][i];
      for (std::size_t i = 0; i < n; ++i) basis[b][i] -= dot * basis[a][i];
    }
    double norm = 0;
    for (const double v : basis[b]) norm += v * v;
    for (double& v : basis[b]) v /= std::sqrt(norm);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        share[b] += basis[b][i] * moments.sums[i * n + j] * basis[b][j];
  }
  double all = 0;
  for (std::size_t i = 0; i < n; ++i) all += moments.sums[i * n + i];
  return {share[0], share[1] + share[2], all - share[0] - share[1] - share[2]};
}

/// The gamma within `spread` of the design that leaves least.
double best_gamma(const Moments& moments, std::span<const double> squares, double design) {
  constexpr int steps = 80;
  const auto left = [&](double gamma) { return explained(moments, squares, gamma).left; };
  double best = 0.75 * design, step = 0.5 * design / steps;
  for (int i = 1; i <= steps; ++i) {
    const double gamma = (0.75 + 0.5 * i / steps) * design;
    if (left(gamma) < left(best)) best = gamma;
  }
  for (int halving = 0; halving < 12; ++halving, step /= 2)
    for (const double gamma : {best - step / 2, best + step / 2})
      if (left(gamma) < left(best)) best = gamma;
  return best;
}

/// One sweep of a heater with ports near it lit in turn: (entries, points).
std::vector<std::vector<double>> sweep_near(Bench& bench, int heater,
                                            std::span<const double> squares) {
  const std::vector<int> lit = bench.ports_near(heater / 2);
  const auto ports = static_cast<std::size_t>(bench.shape().ports());
  std::vector<std::vector<double>> entries(lit.size() * ports, std::vector<double>(squares.size()));
  const double rest = bench.square(heater);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    // Out of order, so that a drift looks like noise and not like a fringe.
    const std::size_t point = i * 5 % squares.size();
    bench.square(heater) = squares[point];
    for (std::size_t k = 0; k < lit.size(); ++k) {
      const std::vector<double> powers = bench.read(lit[k]);
      for (std::size_t p = 0; p < ports; ++p) entries[k * ports + p][point] = powers[p];
    }
  }
  bench.square(heater) = rest;
  return entries;
}

double mean_reading(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

/// Sums of all entries, each over its expected noise. With a `gamma` known about, entries of which
/// a fit with it leaves far more than of most stay out.
Moments moments_of(const std::vector<std::vector<double>>& entries, std::span<const double> squares,
                   double floor_power, std::optional<double> gamma) {
  std::vector<double> left(entries.size()), weight(entries.size());
  for (std::size_t e = 0; e < entries.size(); ++e) {
    weight[e] = 1 / std::pow(std::abs(mean_reading(entries[e])) + floor_power, 2);
    if (!gamma) continue;
    Moments one(squares.size());
    one.add(entries[e], weight[e]);
    left[e] = explained(one, squares, *gamma).left;
  }
  double limit = INFINITY;
  if (gamma) {
    std::vector<double> sorted = left;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    limit = std::max(10 * *middle, static_cast<double>(squares.size()) * certain);
  }
  Moments moments(squares.size());
  for (std::size_t e = 0; e < entries.size(); ++e)
    if (left[e] <= limit) moments.add(entries[e], weight[e]);
  return moments;
}

}  // namespace

void find_gamma(Bench& bench, int heater) {
  const auto points = static_cast<std::size_t>(bench.plan().gamma_points);
  std::vector<double> squares;
  for (std::size_t i = 0; i < points; ++i)
    squares.push_back(bench.limit() * (static_cast<double>(i) + 0.5) / static_cast<double>(points));
  HeaterKnowledge& known = bench.known(heater);
  const double floor_power = bench.plan().floor_power;
  double most = 0;
  for (int state = 0; state < bench.plan().scattered_states && most < well_lit; ++state) {
    if (state > 0) bench.scatter();
    const std::vector<std::vector<double>> entries = sweep_near(bench, heater, squares);
    const double first =
        best_gamma(moments_of(entries, squares, floor_power, {}), squares, bench.plan().gamma);
    const Moments moments = moments_of(entries, squares, floor_power, first);
    const double gamma = best_gamma(moments, squares, bench.plan().gamma);
    const Explained parts = explained(moments, squares, gamma);
    const double noise = std::max(parts.left / (static_cast<double>(points) - 3),
                                  1e-9 * (parts.constant + parts.fringe));
    const double clear = parts.fringe / 2 / noise;
    if (clear <= most) continue;
    most = clear;
    known.gamma = gamma;
  }
  known.silent = most < seen;
}

}  // namespace lightloom::calibration
