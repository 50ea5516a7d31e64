#include "experiments/statistics/unpaired.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "experiments/statistics/spread.hpp"

namespace lightloom::experiments {
namespace {

constexpr double level = 2 * outside;

}  // namespace

EstimatedDifference independent_difference(const Estimate& first, const Estimate& second) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  EstimatedDifference result{.value = first.value - second.value, .interval = {}, .p = none};
  if (!first.interval.known() || !second.interval.known()) return result;
  const double below = std::hypot(first.value - first.interval.low,
                                  second.interval.high - second.value),
               above = std::hypot(first.interval.high - first.value,
                                  second.value - second.interval.low);
  result.interval = {result.value - below, result.value + above};
  const double toward_zero = result.value > 0 ? below : above;
  const double z = t_point(HUGE_VAL) * std::fabs(result.value) / toward_zero;
  result.p = result.value == 0
                 ? 1
                 : 2 * boost::math::cdf(boost::math::complement(boost::math::normal(), z));
  return result;
}

EstimatedDifference paired_difference(std::span<const double> first,
                                      std::span<const double> second) {
  require(first.size() == second.size(), "{} and {} values are no pairs", first.size(),
          second.size());
  std::vector<double> differences(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) differences[i] = first[i] - second[i];
  const Spread spread = spread_of(differences);
  const double none = std::numeric_limits<double>::quiet_NaN();
  EstimatedDifference result{.value = spread.mean, .interval = {}, .p = none};
  if (!(spread.standard_deviation > 0)) return result;
  const auto count = static_cast<double>(differences.size());
  const TwoVariances variance{
      .first = spread.standard_deviation * spread.standard_deviation / count,
      .first_degrees = count - 1,
      .second = 0,
      .second_degrees = HUGE_VAL};
  result.interval = {spread.low, spread.high};
  result.p = two_sided_p(result.value, variance);
  return result;
}

std::vector<bool> holm_significant(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<bool> significant(p.size(), false);
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (p[order[k]] > level / static_cast<double>(order.size() - k)) break;
    significant[order[k]] = true;
  }
  return significant;
}

}  // namespace lightloom::experiments
