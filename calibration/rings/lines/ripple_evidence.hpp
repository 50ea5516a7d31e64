#pragma once

#include <Eigen/Core>
#include <vector>

#include "calibration/rings/lines/line_refinement.hpp"

namespace lightloom::calibration {

/// What a piece says of a ripple: residuals of its lines without one, over the noise from reading
/// to reading, what a ripple of amplitude 1 would add to them at the most, and what the other
/// parameters can make of them.
struct RippleEvidence {
  std::vector<double> nm, residual, reach;
  Eigen::MatrixXd taken;  // orthonormal columns: changes of the residuals by the other parameters
};

RippleEvidence evidence_of(const LineAttempt& fit, const LineData& data);

}  // namespace lightloom::calibration
