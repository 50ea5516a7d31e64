#pragma once

#include <span>
#include <vector>

#include "calibration/fit/fit_result.hpp"
#include "calibration/model/chip_shape.hpp"
#include "core/statistics.hpp"

namespace lightloom::calibration {

/// (fit - truth) / sigma of the free parameters of one kind on one chip; phi_0 modulo 2 pi.
struct ChipPulls {
  ParameterKind kind{};
  std::vector<int> parameters;
  std::vector<double> pulls;
  std::vector<double> independent;  // L^-1 (fit - truth) with L L^T the kind's own covariance
};
/// One for each kind that the fit frees. `truth` may be in any gauge.
std::vector<ChipPulls> pulls_of(const ChipShape& shape, const FitResult& fit,
                                std::span<const double> truth);

/// What the pulls of one kind are like over many chips. Pulls of one chip are correlated: standard
/// errors come from the spread between chips, and only values that are independent are tested.
struct PullStatistics {
  ParameterKind kind{};
  std::size_t chips = 0, count = 0;  // count: pulls in all
  double mean = 0, mean_error = 0;
  double variance = 0, variance_error = 0;  // about 0
  double greatest = 0;                      // in size
  NormalTest one_per_chip;                  // a different parameter on every chip
  NormalTest independent;                   // all of them, decorrelated
};
/// One for each kind. `chips`: `pulls_of` every chip.
std::vector<PullStatistics> pull_statistics(const std::vector<std::vector<ChipPulls>>& chips);

}  // namespace lightloom::calibration
