#pragma once

namespace lightloom::calibration {

/// Two-sided 95 % quantile of Student's t by its expansion about the normal one (Abramowitz and
/// Stegun 26.7.5); up to 2 degrees of freedom exact values, infinite below 1.
double student_95(int freedom);

}  // namespace lightloom::calibration
