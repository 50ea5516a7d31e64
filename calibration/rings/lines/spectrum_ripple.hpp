#pragma once

#include <vector>

#include "calibration/rings/lines/line_fit.hpp"

namespace lightloom::calibration {

/// A ripple that a whole spectrum shows, as light reflected between two facets makes it: power (1 +
/// amplitude cos(per_nm x + phase)), with a phase of each piece's own.
struct SpectrumRipple {
  double per_nm = 0;     // wave number in rad per nm; 0: none
  double amplitude = 0;  // of the piece that shows most
};

/// The ripple that explains most of the residuals of all pieces together, if they are too many to
/// be noise and most pieces show it: what a piece alone takes for the shape of its line.
SpectrumRipple find_ripple(const std::vector<RippleEvidence>& pieces);

}  // namespace lightloom::calibration
