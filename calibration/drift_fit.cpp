#include "calibration/drift_fit.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Means of v_i v_{i + lag} about the mean.
double covariance_at(std::span<const double> values, double mean, std::size_t lag) {
  double sum = 0;
  for (std::size_t i = 0; i + lag < values.size(); ++i)
    sum += (values[i] - mean) * (values[i + lag] - mean);
  return sum / static_cast<double>(values.size());
}

}  // namespace

DriftFit fit_drift(double interval_s, std::span<const double> values) {
  require(interval_s > 0, "drift: the interval must be positive");
  require(values.size() >= 20, "drift: {} readings (20 at least)", values.size());
  for (const double value : values)
    require(std::isfinite(value), "drift: a reading is not a number");
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  const double c0 = covariance_at(values, mean, 0), c1 = covariance_at(values, mean, 1);
  DriftFit fit;
  if (!(c1 > 3 * c0 / std::sqrt(count))) {
    fit.noise = std::sqrt(c0);
    fit.problems.push_back(
        "no drift: neighbouring readings are independent (read faster to see a quick one)");
    return fit;
  }
  // Straight line through log c_k over k, weighted by c_k^2, while c_k stands out.
  double w = 0, wk = 0, wl = 0, wkk = 0, wkl = 0;
  std::size_t lags = 0;
  for (std::size_t k = 1; k < values.size() / 3; ++k) {
    const double c = covariance_at(values, mean, k);
    if (c < 0.3 * c1) break;
    const double weight = c * c, l = std::log(c), lag = static_cast<double>(k);
    w += weight, wk += weight * lag, wl += weight * l, wkk += weight * lag * lag;
    wkl += weight * lag * l;
    ++lags;
  }
  if (lags < 2) {
    fit.problems.push_back("the drift forgets within two readings: read faster");
    return fit;
  }
  const double slope = (w * wkl - wk * wl) / (w * wkk - wk * wk);
  const double level = (wl - slope * wk) / w;
  const double decay = -slope;
  fit.time_constant_s = interval_s / decay;
  fit.sigma = std::exp(0.5 * level);
  fit.noise = std::sqrt(std::max(0.0, c0 - fit.sigma * fit.sigma));
  // A series of length T holds about T / (2 tau) independent values.
  const double independent = std::max(1.0, count * decay / 2);
  fit.sigma_error = fit.sigma / std::sqrt(2 * independent);
  fit.time_constant_error = fit.time_constant_s * std::sqrt(2 / independent);
  if (!(decay > 0) || independent < 5)
    fit.problems.push_back(
        fmt::format("the series is {:.1f} time constants long: sigma and tau need ten at least",
                    decay > 0 ? count * decay : 0.0));
  return fit;
}

double recalibrate_after_s(const DriftFit& drift, double limit) {
  const double share = limit * limit / (drift.sigma * drift.sigma);
  if (!(share < 1)) return INFINITY;
  return -0.5 * drift.time_constant_s * std::log1p(-share);
}

}  // namespace lightloom::calibration
