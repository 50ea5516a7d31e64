#include "core/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace lightloom {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Probability that the scaled distance of Kolmogorov exceeds `lambda`.
double kolmogorov_tail(double lambda) {
  if (lambda < 0.2) return 1;  // 1 to 13 digits; the series converges slowly there
  double sum = 0, sign = 1;
  for (int k = 1; k <= 100; ++k, sign = -sign) sum += sign * std::exp(-2 * k * k * lambda * lambda);
  return std::clamp(2 * sum, 0.0, 1.0);
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

NormalTest test_standard_normal(std::vector<double> values) {
  NormalTest test{.count = values.size()};
  if (values.empty()) return test;
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double normal = 0.5 * std::erfc(-values[i] / std::numbers::sqrt2);
    test.distance = std::max({test.distance, normal - static_cast<double>(i) / count,
                              static_cast<double>(i + 1) / count - normal});
  }
  const double root = std::sqrt(count);
  test.p_value = kolmogorov_tail((root + 0.12 + 0.11 / root) * test.distance);
  return test;
}

double distinct_values(std::span<const double> shares, std::ptrdiff_t draws) {
  double values = 0;
  for (const double share : shares) values += 1 - std::pow(1 - share, static_cast<double>(draws));
  return values;
}

}  // namespace lightloom
