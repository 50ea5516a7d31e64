#pragma once

#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

/// Drift of a phase about its set value as an Ornstein-Uhlenbeck process
/// (docs/models/photonic/devices.md#drift) under white measurement noise.
struct DriftFit {
  double sigma = 0, sigma_error = 0;  // standard deviation after a long time
  double time_constant_s = 0, time_constant_error = 0;
  double noise = 0;  // of one reading
  std::vector<std::string> problems;

  [[nodiscard]] bool good() const { return problems.empty(); }
};

/// Fits a series read at equal intervals by its autocovariances at lags 1 and 2, 3, ...: c_k =
/// sigma^2 e^{-k dt / tau}, less what the mean of the series takes away, while that at lag 0 also
/// holds the noise. Standard errors are those of a series of length T: sigma sqrt(tau / 2 T), 2 tau
/// sqrt(tau / T). Needs 20 readings; names series shorter than 30 time constants, or sampled too
/// slowly to see any.
DriftFit fit_drift(double interval_s, std::span<const double> values);

/// The same for readings at any rising times: gaps, jitter, several sittings. By the likelihood of
/// the process under noise (Kalman filter, mean and spread concentrated out), on a grid of time
/// constants and noises that is refined about its best. Throws `Error` for times that do not rise.
DriftFit fit_drift(std::span<const double> times_s, std::span<const double> values);

/// What the standardised innovations of a fitted drift say: single readings that stand alone,
/// jumps, neighbours that are not independent (another process than Ornstein and Uhlenbeck's).
std::vector<std::string> drift_misfits(const DriftFit& fit, std::span<const double> times_s,
                                       std::span<const double> values);

/// Time after a calibration at which the drift's standard deviation reaches `limit`:
/// sigma^2 (1 - e^{-2 t / tau}) = limit^2. Infinite when it never does.
double recalibrate_after_s(const DriftFit& drift, double limit);

}  // namespace lightloom::calibration
