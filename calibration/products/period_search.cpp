#include "calibration/products/period_search.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/products/phase_regression.hpp"
#include "calibration/products/residual_statistics.hpp"
#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

constexpr int longest_period = 64, divisions_of_trial = 4;
constexpr double near_enough = 2;  // standard errors of a difference

/// Products whose observed side is what a frozen mixing leaves: offsets stand out more.
ProductMatrices without_mixing(const ProductMatrices& products) {
  const Sides sides{products.expected, products.observed};
  std::vector<int> all(static_cast<std::size_t>(products.vectors()));
  for (std::size_t t = 0; t < all.size(); ++t) all[t] = static_cast<int>(t);
  const Centred data = centred(sides, all, phase_means(sides, all, 1));
  return {products.expected, data.y - product(data.x, coefficients(data))};
}

/// Whether `squares` exceed `least` by no more than chance.
bool as_good(const std::vector<double>& squares, const std::vector<double>& least) {
  std::vector<double> more(squares.size());
  std::transform(squares.begin(), squares.end(), least.begin(), more.begin(), std::minus<>());
  const Estimate difference = estimate_mean(more);
  return difference.value <= near_enough * difference.standard_error;
}

}  // namespace

PeriodFound find_period(const ProductMatrices& products, ErrorModel model, std::uint64_t seed) {
  if (!has_period(model)) return {};
  const int longest = std::min(longest_period, products.vectors() / 8);
  const ProductMatrices left = mixes(model) ? without_mixing(products) : products;
  std::vector<std::vector<double>> squares(static_cast<std::size_t>(longest));
  parallel_for_dynamic(longest, [&](std::ptrdiff_t i) {
    squares[static_cast<std::size_t>(i)] = squares_of_period(
        left, {.period = static_cast<int>(i) + 1, .divisions = divisions_of_trial, .seed = seed});
  });
  PeriodFound found;
  for (const std::vector<double>& one : squares)
    found.trials.push_back({static_cast<int>(found.trials.size()) + 1, estimate_rms(one).value});
  const auto best = static_cast<std::size_t>(
      std::min_element(found.trials.begin(), found.trials.end(),
                       [](const auto& a, const auto& b) { return a.rms < b.rms; }) -
      found.trials.begin());
  std::size_t chosen = 0;
  while (chosen < best && !as_good(squares[chosen], squares[best])) ++chosen;
  found.period = static_cast<int>(chosen) + 1;
  return found;
}

}  // namespace lightloom::calibration
