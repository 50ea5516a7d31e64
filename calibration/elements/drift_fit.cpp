#include "calibration/elements/drift_fit.hpp"

#include <fmt/format.h>

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

double recalibrate_after_s(const DriftFit& drift, double limit) {
  const double share = limit * limit / (drift.sigma * drift.sigma);
  if (!(share < 1)) return INFINITY;
  return -0.5 * drift.time_constant_s * std::log1p(-share);
}

}  // namespace lightloom::calibration
