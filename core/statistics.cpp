#include "core/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.hpp"

namespace lightloom {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Summary summarise(std::span<const double> values) {
  require(!values.empty(), "statistics need at least one value");
  const auto count = static_cast<double>(values.size());
  Summary summary;
  for (const double value : values) summary.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  if (values.size() > 1) summary.standard_deviation = std::sqrt(squares / (count - 1));
  summary.standard_error = summary.standard_deviation / std::sqrt(count);
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  summary.smallest = sorted.front();
  summary.p05 = quantile(sorted, 0.05);
  summary.p25 = quantile(sorted, 0.25);
  summary.median = quantile(sorted, 0.5);
  summary.p75 = quantile(sorted, 0.75);
  summary.p95 = quantile(sorted, 0.95);
  summary.largest = sorted.back();
  return summary;
}

Yield yield_below(std::span<const double> values, double limit) {
  require(!values.empty(), "a yield needs at least one value");
  const auto n = static_cast<double>(values.size());
  const double p = static_cast<double>(std::count_if(values.begin(), values.end(),
                                                     [&](double v) { return v <= limit; })) /
                   n;
  constexpr double z = 1.959963984540054;  // 97.5 % point of the normal distribution
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace lightloom
