#pragma once

#include <limits>
#include <span>

namespace lightloom::experiments {

/// A 95 % interval; not a number where the sample cannot give one.
struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] bool known() const { return low <= high; }
};

/// Share of a 95 % interval on each side's outside.
inline constexpr double outside = 0.025;

/// Student's t with `outside_share` above it; the normal distribution's for infinitely many
/// `degrees`.
double t_point(double degrees, double outside_share = outside);

/// Wilson's (1927) interval for a share whose estimate has the variance `variance`: the score
/// interval of a sample of share (1 - share) / variance trials (Korn and Graubard, Survey
/// Methodology 24, 193 (1998)), of `trials` where the sample shows no variance. For variance share
/// (1 - share) / trials it is Wilson's own.
struct ShareEstimate {
  double share = 0, variance = 0;
  double trials = 1;
};
Interval share_interval(const ShareEstimate& estimate);

/// Student's interval of the mean of independent values, within [0, 1]; none for fewer than two, or
/// where all are equal (a spread of nothing is no spread).
Interval mean_interval(std::span<const double> values);

/// A variance that is the sum of two, each estimated with its own degrees of freedom.
struct TwoVariances {
  double first = 0, first_degrees = 1;
  double second = 0, second_degrees = 1;
};
/// Half the width of the interval that has `outside_share` on either side: the two half widths as
/// of independent parts, sqrt(t1^2 first + t2^2 second). With few degrees never narrower than each
/// alone, where one t of Satterthwaite's degrees is (two chips: 87 % instead of 95 %).
double half_width(const TwoVariances& variances, double outside_share = outside);
/// Two-sided p of a value as far from 0: that of the interval that just reaches 0.
double two_sided_p(double value, const TwoVariances& variances);

}  // namespace lightloom::experiments
