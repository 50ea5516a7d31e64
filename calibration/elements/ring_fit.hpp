#pragma once

#include <span>
#include <string>
#include <vector>

namespace lightloom::calibration {

/// One Lorentzian of a ring's spectrum: baseline (1 - depth / (1 + (2 (x - centre) / width)^2)) at
/// the through port, peak and floor at the drop port. Standard deviations from the residuals.
struct Resonance {
  double centre_nm = 0, centre_sigma = 0;
  double width_nm = 0, width_sigma = 0;   // full width at half maximum
  double depth = 0;                       // of the dip over the baseline, or peak height
  double quality = 0, quality_sigma = 0;  // centre / width
};

struct RingFit {
  bool dips = true;  // through port; false: drop port
  std::vector<Resonance> resonances;
  double baseline = 0;
  double fsr_nm = 0, fsr_sigma = 0;  // 0: fewer than two resonances
  double finesse = 0;
  double rms = 0;
  std::vector<std::string> problems;  // in words

  [[nodiscard]] bool good() const { return problems.empty(); }
};

/// Fits all resonances of a spectrum, without a guess. Under-sampled lines (fewer than four points
/// over a width), lines cut off by the ends and spectra without one are named. Overlapping tails of
/// neighbours are fitted together. The line of a ring is an Airy function: at finesse F its width
/// is underestimated by up to 8 / F^2 of itself (1.5 / F^2 where the sweep spans a whole free
/// spectral range about it), which `width_sigma` leaves out. Throws `Error` for fewer than 8
/// points, NaN, or wavelengths that do not rise.
RingFit fit_ring(std::span<const double> wavelength_nm, std::span<const double> power);

}  // namespace lightloom::calibration
