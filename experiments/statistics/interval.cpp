#include "experiments/statistics/interval.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

#include "experiments/statistics/spread.hpp"

namespace lightloom::experiments {
namespace {

constexpr double most_degrees = 1e8;  // beyond, Student's t is the normal distribution

Interval around(double centre, double half) {
  return {std::clamp(centre - half, 0.0, 1.0), std::clamp(centre + half, 0.0, 1.0)};
}

bool all_equal(std::span<const double> values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

}  // namespace

double t_point(double degrees, double outside_share) {
  using boost::math::complement;
  if (degrees > most_degrees)
    return boost::math::quantile(complement(boost::math::normal(), outside_share));
  return boost::math::quantile(complement(boost::math::students_t(degrees), outside_share));
}

Interval share_interval(const ShareEstimate& estimate) {
  const double p = estimate.share, spread = p * (1 - p);
  const double n =
      spread > 0 && estimate.variance > 0 ? spread / estimate.variance : estimate.trials;
  const double z = t_point(HUGE_VAL), square = z * z / n;
  const double centre = (p + square / 2) / (1 + square);
  return around(centre, z / (1 + square) * std::sqrt(spread / n + square / (4 * n)));
}

Interval mean_interval(std::span<const double> values) {
  if (values.size() < 2 || all_equal(values)) return {};
  const Spread spread = spread_of({values.begin(), values.end()});
  const auto count = static_cast<double>(values.size());
  return around(spread.mean, t_point(count - 1) * spread.standard_deviation / std::sqrt(count));
}

double half_width(const TwoVariances& variances, double outside_share) {
  const double first = t_point(variances.first_degrees, outside_share);
  const double second = t_point(variances.second_degrees, outside_share);
  return std::sqrt(first * first * variances.first + second * second * variances.second);
}

double two_sided_p(double value, const TwoVariances& variances) {
  if (value == 0) return 1;
  double low = std::log(1e-300), high = std::log(0.5);  // of the share outside on one side
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (half_width(variances, std::exp(middle)) > std::fabs(value) ? low : high) = middle;
  }
  return 2 * std::exp(0.5 * (low + high));
}

}  // namespace lightloom::experiments
