#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "calibration/rings/lines/line_model.hpp"

namespace lightloom::calibration {

/// A shape fitted to readings, and half the sum of squares that it leaves.
struct LineAttempt {
  LineShape shape;
  std::vector<double> x;
  double cost = INFINITY;
  bool converged = false;
};

/// Least squares from `start`.
LineAttempt fit_shape(const LineShape& shape, std::vector<double> start, const LineData& data);

/// Over sigma, of every reading.
std::vector<double> residuals_of(const LineAttempt& fit, const LineData& data);

/// The fit with the ripple that its shape expects (`ripple_k`, `ripple_amplitude`), if that is
/// better.
LineAttempt with_known_ripple(const LineAttempt& fit, const LineData& data);

/// RMS of residuals over what differs from reading to reading.
double misfit_of(std::span<const double> residuals, std::size_t parameters);

/// Splits lines (to twice `lines` at most) or adds a ripple while that explains much of what the
/// noise does not.
LineAttempt refined(LineAttempt fit, const LineData& data, std::size_t lines);

}  // namespace lightloom::calibration
