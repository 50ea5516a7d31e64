#pragma once

#include <string>
#include <vector>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/visibility.hpp"

namespace lightloom::calibration {

/// A device unlike its design, in standard deviations of what fabrication is believed to spread.
struct OddDevice {
  int parameter = 0;
  double value = 0, sigma = 0;
  double deviation = 0;
};

/// Residuals in standard deviations of the readings' noise: RMS over what they share, and how many
/// lie in each of 20 bins of half a standard deviation from -5 on (the ends hold what is beyond).
struct ResidualMap {
  std::vector<double> by_detector, by_input, by_setting;
  std::vector<double> histogram = std::vector<double>(20);
};

/// Everything there is to say about one set of measurements.
struct Calibration {
  FitResult fit;
  Visibility visibility;
  ResidualMap residuals;              // of all settings
  std::vector<OddDevice> worst;       // largest deviation first
  std::vector<std::string> warnings;  // about data and fit
  std::vector<std::string> needed;    // more data needed: which
};

/// Checks the data, starts from their sweeps (or from `start`, when it is not empty), fits, and
/// judges the result. Throws `Error` in words for data that cannot be fitted: whatever `check_data`
/// and `check_sweeps` refuse, swapped columns, and readings that no chip of this shape gives from
/// this start.
Calibration calibrate(const ChipShape& shape, const Measurements& data, const FitCard& card,
                      std::vector<double> start = {});

/// `deviation` of all gamma, alpha, beta (and arm losses, where fitted), the `count` largest.
std::vector<OddDevice> odd_devices(const ChipShape& shape, const FitCard& card,
                                   const FitResult& fit, std::size_t count = 10);
ResidualMap residual_map(const ChipShape& shape, const Measurements& data,
                         std::span<const double> parameters);

}  // namespace lightloom::calibration
