#pragma once

#include <span>
#include <vector>

namespace lightloom::calibration {

/// Noise of readings of a spectrum: sigma^2 = floor^2 + (relative p)^2.
struct SpectrumNoise {
  double floor = 0, relative = 0;

  [[nodiscard]] double sigma(double power) const;
  /// A function of power in which the noise is 1 everywhere: asinh(relative p / floor) / relative.
  [[nodiscard]] double stabilised(double power) const;
};

/// Noise from third differences of neighbouring readings over their power: what changes slowly over
/// four readings does not count. A floor where nothing tells it from relative noise. Never below
/// 1e-7 of the largest reading.
SpectrumNoise noise_of(std::span<const double> power);

/// The median; `values` is rearranged. 0 for none.
double median_of(std::vector<double> values);

/// The upper quartile; 0 for none.
double upper_quartile_of(std::vector<double> values);

/// Standard deviation of what is independent from one residual to the next, by the upper quartile
/// of second differences: of few residuals it scatters half as much as a median of third ones, and
/// a quarter may be those of lines that are not as fitted.
double difference_sigma(std::span<const double> values);

}  // namespace lightloom::calibration
