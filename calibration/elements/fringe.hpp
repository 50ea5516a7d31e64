#pragma once

#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

/// What is fitted to one heater swept alone.
enum class FringeLaw {
  quadratic,     // phase = phi_0 + gamma V^2
  self_heating,  // + gamma_2 V^4
  cubic,         // phase = c_0 + c_1 V + c_2 V^2 + c_3 V^3 (the law of phox)
};

struct FringeOptions {
  FringeLaw law = FringeLaw::quadratic;
  double gamma_low = 0, gamma_high = 0;  // range searched, rad/V^2; 0: from the sweep itself
  double sigma = 0;                      // of one reading; 0: from the residuals
};

/// y = mean + amplitude cos(phase(V)), amplitude > 0.
struct FringeFit {
  double gamma = 0, gamma_sigma = 0;      // rad/V^2
  double gamma2 = 0, gamma2_sigma = 0;    // rad/V^4
  double phase_rad = 0, phase_sigma = 0;  // phi_0, modulo 2 pi
  double mean = 0, amplitude = 0;
  std::vector<double> cubic;  // c_0 ... c_3 of the cubic law
  double visibility = 0;      // amplitude / mean
  double rms = 0;             // of the residuals
  double noise_to_amplitude = 0;
  std::vector<std::string> problems;  // in words: under-sampled, less than a fringe, no fringe, ...

  [[nodiscard]] bool good() const { return problems.empty(); }
};

/// Fits a fringe without a starting guess: gamma on a grid that a period cannot slip through,
/// linear least squares for the rest at each, then all together by Levenberg-Marquardt
/// (docs/models/calibration/elements.md#fringe). Needs 5 readings.
FringeFit fit_fringe(std::span<const double> volts, std::span<const double> readings,
                     const FringeOptions& options = {});

}  // namespace lightloom::calibration
