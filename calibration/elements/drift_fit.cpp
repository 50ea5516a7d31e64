#include "calibration/elements/drift_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Means of v_i v_{i + lag} about the mean, for lags 0 ... count - 1.
std::vector<double> covariances(std::span<const double> values, std::size_t count) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  std::vector<double> found;
  for (std::size_t lag = 0; lag < count; ++lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < values.size(); ++i)
      sum += (values[i] - mean) * (values[i + lag] - mean);
    found.push_back(sum / static_cast<double>(values.size() - lag));
  }
  return found;
}

/// log c_k = level - decay k.
struct Decay {
  double level = 0, decay = 0;
  std::size_t lags = 0;
};

/// Straight line through log(c_k + lost) over k >= 1, weighted by its square, while it stands out.
Decay fit_decay(const std::vector<double>& covariance, double lost) {
  double w = 0, wk = 0, wl = 0, wkk = 0, wkl = 0;
  Decay fit;
  for (std::size_t k = 1; k < covariance.size(); ++k) {
    const double c = covariance[k] + lost;
    if (c < 0.3 * (covariance[1] + lost)) break;
    const double weight = c * c, l = std::log(c), lag = static_cast<double>(k);
    w += weight, wk += weight * lag, wl += weight * l, wkk += weight * lag * lag;
    wkl += weight * lag * l;
    ++fit.lags;
  }
  if (fit.lags < 2) return fit;
  fit.decay = -(w * wkl - wk * wl) / (w * wkk - wk * wk);
  fit.level = (wl + fit.decay * wk) / w;
  return fit;
}

constexpr double long_enough = 30;  // time constants, as fitted

/// Unit Ornstein-Uhlenbeck process under noise of variance `noise`: innovations of the readings and
/// of a constant, with their variance.
struct Filtered {
  double mean = 0, variance = 0, log_likelihood = -INFINITY;
  std::vector<double> standardised;  // innovations of unit variance
};
Filtered filter_drift(double time_constant, double noise, std::span<const double> times,
                      std::span<const double> values) {
  double state = 0, constant = 0, spread = 1, yy = 0, yo = 0, oo = 0, logs = 0;
  std::vector<double> of_value, of_one, scale;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) {
      const double kept = std::exp(-(times[i] - times[i - 1]) / time_constant);
      state *= kept;
      constant *= kept;
      spread = kept * kept * spread + 1 - kept * kept;
    }
    const double total = spread + noise, gain = spread / total;
    const double y = values[i] - state, one = 1 - constant;
    of_value.push_back(y);
    of_one.push_back(one);
    scale.push_back(total);
    yy += y * y / total, yo += y * one / total, oo += one * one / total;
    logs += std::log(total);
    state += gain * y;
    constant += gain * one;
    spread *= 1 - gain;
  }
  const auto count = static_cast<double>(values.size());
  Filtered f{.mean = yo / oo, .variance = std::max((yy - yo * yo / oo) / count, 1e-300)};
  f.log_likelihood = -0.5 * (count * std::log(f.variance) + logs);
  for (std::size_t i = 0; i < of_value.size(); ++i)
    f.standardised.push_back((of_value[i] - f.mean * of_one[i]) / std::sqrt(scale[i] * f.variance));
  return f;
}

/// Logarithms of time constant and noise ratio, and the likelihood there.
struct DriftPoint {
  double tau = 0, noise = 0, value = -INFINITY;
};

/// A grid of `steps` to either side of a point, the last one so far away.
struct DriftGrid {
  double tau, noise;
  int steps;
};

/// Best over a grid about a point.
DriftPoint best_about(const DriftPoint& from, const DriftGrid& grid, std::span<const double> times,
                      std::span<const double> values) {
  const auto [width_tau, width_noise, steps] = grid;
  DriftPoint best = from;
  for (int i = -steps; i <= steps; ++i) {
    for (int k = -steps; k <= steps; ++k) {
      DriftPoint p{from.tau + width_tau * i / steps, from.noise + width_noise * k / steps, 0};
      p.value = filter_drift(std::exp(p.tau), std::exp(p.noise), times, values).log_likelihood;
      if (p.value > best.value) best = p;
    }
  }
  return best;
}

/// Standard deviation of log tau by the curvature of the likelihood, noise free to follow.
double tau_deviation(const DriftPoint& best, std::span<const double> times,
                     std::span<const double> values) {
  const double h = 0.2;
  double fall = 0;
  for (const double side : {-h, h}) {
    DriftPoint p{best.tau + side, best.noise, -INFINITY};
    for (double width = 2; width > 0.02; width *= 0.4)
      p = best_about(p, {0, width, 3}, times, values);
    fall += best.value - p.value;
  }
  return h / std::sqrt(std::max(fall, 1e-6));
}

}  // namespace

DriftFit fit_drift(double interval_s, std::span<const double> values) {
  require(interval_s > 0, "drift: the interval must be positive");
  require(values.size() >= 20, "drift: {} readings (20 at least)", values.size());
  for (const double value : values)
    require(std::isfinite(value), "drift: a reading is not a number");
  const auto count = static_cast<double>(values.size());
  const std::vector<double> covariance = covariances(values, values.size() / 3);
  DriftFit fit;
  if (!(covariance[1] > 3 * covariance[0] / std::sqrt(count))) {
    fit.noise = std::sqrt(covariance[0]);
    fit.problems.push_back(
        "no drift: neighbouring readings are independent (read faster to see a quick one)");
    return fit;
  }
  // The mean of the series follows the drift: its variance, 2 sigma^2 tau / T, is lost from c_k.
  double lost = 0;
  Decay decay;
  for (int round = 0; round < 5; ++round) {
    decay = fit_decay(covariance, lost);
    if (decay.lags < 2) {
      fit.problems.push_back("the drift forgets within two readings: read faster");
      return fit;
    }
    if (!(decay.decay * count > long_enough)) break;
    lost = 2 * std::exp(decay.level) / (decay.decay * count);
  }
  fit.time_constant_s = interval_s / decay.decay;
  fit.sigma = std::exp(0.5 * decay.level);
  fit.noise = std::sqrt(std::max(0.0, covariance[0] + lost - fit.sigma * fit.sigma));
  const double length = decay.decay * count;  // in time constants
  fit.sigma_error = fit.sigma / std::sqrt(2 * length);
  fit.time_constant_error = fit.time_constant_s * 2 / std::sqrt(length);
  if (!(length > long_enough))
    fit.problems.push_back(
        fmt::format("the series looks {:.1f} time constants long: sigma and tau need {:.0f} at "
                    "least (a shorter "
                    "one cannot be told from a quicker drift)",
                    std::max(0.0, length), long_enough));
  return fit;
}

DriftFit fit_drift(std::span<const double> times, std::span<const double> values) {
  require(times.size() == values.size(), "drift: {} times but {} readings", times.size(),
          values.size());
  require(values.size() >= 20, "drift: {} readings (20 at least)", values.size());
  std::vector<double> gaps;
  for (std::size_t i = 0; i < values.size(); ++i) {
    require(std::isfinite(values[i]) && std::isfinite(times[i]),
            "drift: a reading is not a number");
    if (i == 0) continue;
    require(times[i] > times[i - 1], "drift: the times do not rise at reading {}", i);
    gaps.push_back(times[i] - times[i - 1]);
  }
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2),
                   gaps.end());
  const double gap = gaps[gaps.size() / 2], whole = times.back() - times.front();
  const double low = std::log(0.3 * gap), high = std::log(whole);
  DriftPoint best{0.5 * (low + high), -2, -INFINITY};
  best = best_about(best, {0.5 * (high - low), 7, 8}, times, values);
  for (double width = 0.16 * (high - low); width > 0.01; width *= 0.45)
    best = best_about(best, {width, 14 * width / (high - low), 2}, times, values);
  const Filtered f = filter_drift(std::exp(best.tau), std::exp(best.noise), times, values);
  const Filtered white = filter_drift(1e-3 * gap, 1e-6, times, values);
  DriftFit fit;
  if (!(f.log_likelihood > white.log_likelihood + 6)) {
    fit.noise = std::sqrt(white.variance);
    fit.problems.push_back(
        "no drift: neighbouring readings are independent (read faster to see a quick one)");
    return fit;
  }
  fit.time_constant_s = std::exp(best.tau);
  fit.sigma = std::sqrt(f.variance);
  fit.noise = fit.sigma * std::exp(0.5 * best.noise);
  // Gaps hold no information: time constants within the gaps between readings count.
  double read = 0;
  for (std::size_t i = 1; i < times.size(); ++i)
    read += std::min(times[i] - times[i - 1], 2 * fit.time_constant_s);
  const double length = read / fit.time_constant_s;
  fit.sigma_error = fit.sigma / std::sqrt(2 * length);
  fit.time_constant_error =
      fit.time_constant_s * std::max(2 / std::sqrt(length), tau_deviation(best, times, values));
  if (!(length > long_enough))
    fit.problems.push_back(
        fmt::format("the series looks {:.1f} time constants long: sigma and tau need {:.0f} at "
                    "least (a shorter one "
                    "cannot be told from a quicker drift)",
                    length, long_enough));
  return fit;
}

std::vector<std::string> drift_misfits(const DriftFit& fit, std::span<const double> times,
                                       std::span<const double> values) {
  std::vector<std::string> problems;
  if (!(fit.sigma > 0)) return problems;
  const double ratio = std::max(fit.noise * fit.noise / (fit.sigma * fit.sigma), 1e-9);
  const std::vector<double> z =
      filter_drift(fit.time_constant_s, ratio, times, values).standardised;
  double own = 0, next = 0;
  std::size_t worst = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    own += z[i] * z[i];
    if (i > 0) next += z[i] * z[i - 1];
    if (std::abs(z[i]) > std::abs(z[worst])) worst = i;
  }
  const auto count = static_cast<double>(z.size());
  if (std::abs(z[worst]) > 7)
    problems.push_back(
        fmt::format("reading {} at {:.6g} s is {:.0f} standard deviations from what those before "
                    "it let expect (a jump, or "
                    "a reading that is wrong: sigma is too large by it)",
                    worst, times[worst], std::abs(z[worst])));
  else if (std::abs(next / own) > 0.05 + 5 / std::sqrt(count))
    problems.push_back(
        fmt::format("another process: what each reading adds follows the one before it "
                    "(correlation {:.2f}; a trend, two "
                    "time constants, or readings that were averaged)",
                    next / own));
  return problems;
}

double recalibrate_after_s(const DriftFit& drift, double limit) {
  const double share = limit * limit / (drift.sigma * drift.sigma);
  if (!(share < 1)) return INFINITY;
  return -0.5 * drift.time_constant_s * std::log1p(-share);
}

}  // namespace lightloom::calibration
