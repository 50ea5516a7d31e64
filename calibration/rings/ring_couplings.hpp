#pragma once

#include <string>
#include <vector>

#include "calibration/rings/ring_fit.hpp"

namespace lightloom::calibration {

/// What the ring is coupled to.
enum class RingLayout {
  add_drop,        // a bus and a drop guide with equal couplers
  all_pass_under,  // a bus alone that couples less than the ring loses
  all_pass_over,   // a bus alone that couples more
};

/// Couplers and loss of a ring, means over its lines with standard deviations of those.
struct RingCouplings {
  double self_coupling_in = 0, self_coupling_in_sigma = 0;      // t1
  double self_coupling_drop = 1, self_coupling_drop_sigma = 0;  // t2
  double turn_amplitude = 1, turn_amplitude_sigma = 0;          // a
  double feedback = 0;                                          // t1 t2 a
  int lines = 0;
  std::vector<std::string> problems;
};

/// From every line of the first comb (those of `fit` that have none with `fsr_nm`): t1 t2 a = x by
/// the width, (1 - x) / (2 sqrt x) = sin(pi w / 2 P), and at the through port |t1 - t2 a| / (1 - x)
/// by what is left at the bottom. The drop port's height tells nothing without a reference:
/// `turn_amplitude` is kept as given. Throws `Error` without lines or a free spectral range.
RingCouplings ring_couplings(const RingFit& fit, RingLayout layout, double fsr_nm,
                             double turn_amplitude);

}  // namespace lightloom::calibration
