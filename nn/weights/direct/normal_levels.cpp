#include "nn/weights/direct/normal_levels.hpp"

#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace lightloom::nn {
namespace {

double density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); }
double above(double x) { return std::erfc(x / std::numbers::sqrt2) / 2; }

/// The magnitude that one in `weights` normal numbers exceeds.
double largest_of(std::int64_t weights) {
  double low = 0, high = 40;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (2 * above(middle) * static_cast<double>(weights) > 1 ? low : high) = middle;
  }
  return high;
}

/// Integral of (x - level)^2 times the density from a to b.
double error_between(double a, double b, double level) {
  const double tail_b = std::isinf(b) ? 0 : (b - 2 * level) * density(b);
  return (1 + level * level) * (above(a) - above(b)) + (a - 2 * level) * density(a) - tail_b;
}

/// Mean squared error of levels `step` apart up to `top`, twice its positive side.
double error_of(double step, int top) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double error = 2 * error_between(0, step / 2, 0);
  for (int n = 1; n <= top; ++n)
    error += 2 * error_between((n - 0.5) * step, n == top ? infinity : (n + 0.5) * step, n * step);
  return error;
}

/// The share of the largest magnitude that `best_clip` would choose, from the same candidates.
double clip_of(double largest, int top) {
  double best = 1, least = std::numeric_limits<double>::infinity();
  for (int percent = 100; percent >= 10; percent -= 2) {
    const double error = error_of(percent / 100.0 * largest / top, top);
    if (error < least) {
      least = error;
      best = percent / 100.0;
    }
  }
  return best;
}

}  // namespace

std::vector<double> normal_levels(int bits, std::int64_t weights) {
  assert(bits >= 2 && bits <= 12 && weights >= 1);
  const int top = (1 << (bits - 1)) - 1;
  const double largest = largest_of(weights);
  const double step = (bits <= 4 ? clip_of(largest, top) : 1.0) * largest / top;
  std::vector<double> levels;
  for (int n = -top; n <= top; ++n) {
    const double outer = std::abs(n) == top ? 0 : above((std::abs(n) + 0.5) * step);
    levels.push_back(n == 0 ? 1 - 2 * above(0.5 * step)
                            : above((std::abs(n) - 0.5) * step) - outer);
  }
  return levels;
}

}  // namespace lightloom::nn
