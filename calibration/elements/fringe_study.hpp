#pragma once

#include <string>
#include <vector>

#include "calibration/elements/fringe_model.hpp"

namespace lightloom::calibration {

/// A 95 % interval.
struct Interval {
  double low = 0, high = 0;
};

/// A fringe with intervals, and what its residuals say.
struct FringeStudy {
  FringeFit fit;              // its problems hold those of the residuals too
  Interval gamma, phase_rad;  // 95 %
  double pi_V = 0;            // where the law has moved the phase by pi from 0 V; NaN: nowhere
  Interval pi_V_interval;
  std::vector<std::size_t> left_out;  // readings that stand alone
  std::vector<std::string> notes;
};

/// Fits a fringe in the order of measurement and asks whether its law explains it. Readings that
/// stand alone (beyond 8 standard deviations, at most 3 % of them) are left out and said. Named,
/// besides the problems of `fit_fringe`: saturated readings and floors (not fitted), light that
/// fades during the sweep, self-heating and other laws, compression, signed readings, a residual
/// that follows itself, values of gamma that fit as well as the best, and gamma at an end of the
/// range it was looked for in. Intervals: by profile (gamma of the quadratic law) or Student's t,
/// wider where residuals follow one another. Throws `Error` for too few readings, readings that are
/// no number, one voltage only.
FringeStudy study_fringe(const FringeSweepData& data, const FringeOptions& options = {});

}  // namespace lightloom::calibration
