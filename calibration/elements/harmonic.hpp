#pragma once

#include <span>

namespace lightloom::calibration {

/// mean, cosine and sine part of y = a + b cos(x) + c sin(x) by linear least squares.
struct Harmonic {
  double mean = 0, cosine = 0, sine = 0, squares = 0;  // squares: of the residuals

  [[nodiscard]] double amplitude() const;
  [[nodiscard]] double phase_rad() const;  // y = mean + amplitude cos(x + phase)
};
Harmonic fit_harmonic(std::span<const double> angles_rad, std::span<const double> readings);

}  // namespace lightloom::calibration
