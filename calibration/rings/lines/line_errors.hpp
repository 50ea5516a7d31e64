#pragma once

#include <span>
#include <vector>

#include "calibration/rings/lines/line_fit.hpp"

namespace lightloom::calibration {

/// Where a fit of lines ended.
struct LineSolution {
  const LineShape& shape;
  std::span<const double> parameters;
  std::span<const double> residuals;  // over sigma
};

/// Lines with their standard deviations, depths and the sizes of the residuals, from a solution.
/// Variances are the largest of three: by the residuals' size, the same with their correlation from
/// one reading to the next, and by sums of products over half a width (Newey and West 1987) of
/// residuals over 1 - leverage (HC3: MacKinnon and White, J. Econometrics 29, 305, 1985).
void describe_lines(const LineSolution& solution, const LineData& data, LineFit& result);

}  // namespace lightloom::calibration
