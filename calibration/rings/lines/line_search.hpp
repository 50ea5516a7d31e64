#pragma once

#include <span>
#include <vector>

#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {

/// A line as found, before it is fitted.
struct LineGuess {
  std::size_t at = 0;                  // reading of its extreme
  double centre_nm = 0, width_nm = 0;  // full width at half depth or height
  double base = 0, depth = 0;          // the lower shoulder (of a dip), or the higher (of a peak)
  double usual = 0;                    // median within eight widths
  double standing = 0;  // over the noise: of the extreme over its shoulders, in standard deviations
};

/// Dips (`sign` -1) or peaks (+1) that stand out of the noise against both of their shoulders, at
/// any scale from one reading to a sixteenth of the sweep, in the order of wavelength, below
/// (above) most of what is within eight widths. What ripples, at most half as deep as the deepest
/// and as wide as a third of its distance to the next, is left out.
std::vector<LineGuess> find_lines(std::span<const double> wavelength_nm,
                                  std::span<const double> power, const SpectrumNoise& noise,
                                  int sign);

}  // namespace lightloom::calibration
