#pragma once

#include <string>
#include <vector>

#include "calibration/elements/fringe_start.hpp"

namespace lightloom::calibration {

/// What would explain the residuals of a fit.
struct FringeCause {
  FringeSolution better;
  std::string text;          // the problem in words; "" for none
  bool changes_law = false;  // another phase over voltage, not a fault of the readings
};

/// Tries what usually goes wrong (fading light, self-heating, another law, compression), each by F
/// over its own parameters, and names the one that leaves least, if it is significant (F of 25 and
/// a tenth of the squares at least).
FringeCause likely_cause(const FringeSolution& fit, FringeLaw law, const GammaRange& range,
                         const FringeSweepData& data);

/// Correlation of neighbouring residuals in the order of `by`, and how many standard deviations
/// that is from none.
struct Following {
  double correlation = 0, deviations = 0;
};
Following following_of(const std::vector<double>& residuals, const std::vector<double>& by);

/// Voltage above 0 at which the phase has moved by pi; NaN if it never does within ten times the
/// largest voltage of the sweep.
double pi_voltage(const FringeSolution& solution, double greatest_V);

}  // namespace lightloom::calibration
