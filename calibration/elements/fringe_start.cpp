#include "calibration/elements/fringe_start.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/harmonic.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// V^2 + share V^4 / (greatest V^2): what gamma multiplies.
std::vector<double> drives_of(const FringeSweepData& data, double share) {
  double greatest = 0;
  for (const double v : data.volts) greatest = std::max(greatest, v * v);
  std::vector<double> drives;
  for (const double v : data.volts)
    drives.push_back(v * v * (1 + (share == 0 ? 0 : share * v * v / greatest)));
  return drives;
}

Harmonic harmonic_at(double gamma, const std::vector<double>& drives, const FringeSweepData& data) {
  std::vector<double> angles(drives);
  for (double& angle : angles) angle *= gamma;
  return fit_harmonic(angles, data.readings);
}

/// Steps of gamma that move the phase at the end of the sweep by a quarter radian.
int steps_over(const GammaRange& range, double span) {
  const double steps = (range.high - range.low) * span / 0.25;
  require(steps < 2e6,
          "fringe: {:.3g} to {:.3g} rad/V^2 over a span of {:.3g} V^2 are {:.2g} fringes "
          "(are the voltages in V?)",
          range.low, range.high, span, range.high * span / (2 * pi));
  return std::max(16, static_cast<int>(steps));
}

struct Candidate {
  double gamma = 0, share = 0, squares = INFINITY;
};

/// The deepest minima over the range, at most `count`.
std::vector<Candidate> candidates_at(double share, const GammaRange& range, double span,
                                     const FringeSweepData& data) {
  const std::vector<double> drives = drives_of(data, share);
  const int steps = steps_over(range, span * (1 + std::abs(share)));
  std::vector<Candidate> all, minima;
  for (int i = 0; i <= steps; ++i) {
    const double gamma = range.low + (range.high - range.low) * i / steps;
    all.push_back({gamma, share, harmonic_at(gamma, drives, data).squares});
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool left = i == 0 || all[i].squares <= all[i - 1].squares,
               right = i + 1 == all.size() || all[i].squares < all[i + 1].squares;
    if (left && right) minima.push_back(all[i]);
  }
  std::sort(minima.begin(), minima.end(),
            [](const Candidate& a, const Candidate& b) { return a.squares < b.squares; });
  minima.resize(std::min<std::size_t>(minima.size(), 3));
  return minima;
}

/// Whether gamma stayed where it was looked for.
bool inside(const FringeSolution& solution, const GammaRange& range) {
  const double gamma = solution.coefficient(2);
  return gamma >= 0.999 * range.low && gamma <= 1.001 * range.high;
}

FringeSolution held_at(double gamma, const FringeModel& model, const FringeSweepData& data) {
  const Harmonic h = harmonic_at(gamma, drives_of(data, 0), data);
  std::vector<double> x(model.size(), 0.0);
  x[0] = h.mean;
  x[1] = h.amplitude();
  x[2] = h.phase_rad();
  for (std::size_t k = 0; k < model.powers.size(); ++k)
    if (model.powers[k] == 2) x[2 + k] = gamma;
  return {model, std::move(x), h.squares, true};
}

}  // namespace

SquareSampling sampling_of(const FringeSweepData& data) {
  std::vector<double> squares, gaps;
  for (const double v : data.volts) squares.push_back(v * v);
  std::sort(squares.begin(), squares.end());
  for (std::size_t i = 1; i < squares.size(); ++i)
    if (squares[i] > squares[i - 1]) gaps.push_back(squares[i] - squares[i - 1]);
  require(!gaps.empty(), "fringe: the voltage is the same everywhere");
  std::sort(gaps.begin(), gaps.end());
  return {gaps.back(), gaps[gaps.size() / 2], squares.back() - squares.front()};
}

GammaRange range_of(const SquareSampling& sampling) {
  const bool even = sampling.widest < 1.3 * sampling.usual;
  const double low = 0.25 * pi / sampling.span,
               high = even ? pi / sampling.widest
                           : std::min(pi / sampling.usual, 2 * pi / sampling.widest);
  return {low, std::max(high, 4 * low)};
}

FringeSolution best_fringe(FringeLaw law, const GammaRange& range, const FringeSweepData& data) {
  const FringeModel model{powers_of(law), FringeFault::none};
  const double span = sampling_of(data).span;
  std::vector<Candidate> starts = candidates_at(0, range, span, data);
  if (law != FringeLaw::quadratic) {
    for (int i = -10; i <= 10; ++i) {
      if (i == 0) continue;
      const std::vector<Candidate> more = candidates_at(0.03 * i, range, span, data);
      starts.insert(starts.end(), more.begin(), more.end());
    }
    std::sort(starts.begin(), starts.end(),
              [](const Candidate& a, const Candidate& b) { return a.squares < b.squares; });
    starts.resize(std::min<std::size_t>(starts.size(), 8));
  }
  double greatest = 0;
  for (const double v : data.volts) greatest = std::max(greatest, v * v);
  FringeSolution best{model, {}, INFINITY, false};
  for (const Candidate& start : starts) {
    const Harmonic h = harmonic_at(start.gamma, drives_of(data, start.share), data);
    std::vector<double> x(model.size(), 0.0);
    x[0] = h.mean;
    x[1] = h.amplitude();
    x[2] = h.phase_rad();
    for (std::size_t k = 0; k < model.powers.size(); ++k) {
      if (model.powers[k] == 2) x[2 + k] = start.gamma;
      if (model.powers[k] == 4) x[2 + k] = start.gamma * start.share / greatest;
      if (model.powers[k] == 3) x[2 + k] = 1.3 * start.gamma * start.share / std::sqrt(greatest);
    }
    FringeSolution found = refine(model, std::move(x), data);
    if (law != FringeLaw::cubic && !inside(found, range))
      found = held_at(std::clamp(start.gamma, range.low, range.high), model, data);
    if (found.squares < best.squares) best = std::move(found);
  }
  return best;
}

std::vector<GammaRange> gammas_within(const GammaRange& range, double limit,
                                      const FringeSweepData& data) {
  const std::vector<double> drives = drives_of(data, 0);
  const auto within = [&](double gamma) {
    return harmonic_at(gamma, drives, data).squares <= limit;
  };
  const auto edge = [&](double in, double out) {
    for (int i = 0; i < 40; ++i) {
      const double middle = 0.5 * (in + out);
      (within(middle) ? in : out) = middle;
    }
    return in;
  };
  const int steps = 4 * steps_over(range, sampling_of(data).span);
  std::vector<GammaRange> found;
  bool before = false;
  double last = range.low;
  for (int i = 0; i <= steps; ++i) {
    const double gamma = range.low + (range.high - range.low) * i / steps;
    const bool now = within(gamma);
    if (now && !before) found.push_back({i == 0 ? gamma : edge(gamma, last), gamma});
    if (!now && before) found.back().high = edge(last, gamma);
    if (now) found.back().high = gamma;
    before = now;
    last = gamma;
  }
  return found;
}

}  // namespace lightloom::calibration
