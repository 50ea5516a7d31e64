#include "calibration/rings/lines/line_search.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::calibration {
namespace {

/// Running means over 2 half + 1 readings.
std::vector<double> smoothed(std::span<const double> values, std::size_t half) {
  if (half == 0) return {values.begin(), values.end()};
  std::vector<double> sums(values.size() + 1, 0.0), result;
  for (std::size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + values[i];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t from = i < half ? 0 : i - half, to = std::min(values.size(), i + half + 1);
    result.push_back((sums[to] - sums[from]) / static_cast<double>(to - from));
  }
  return result;
}

/// Where a trace turns by at least `least`: shoulder, line, shoulder, ... from shoulder to
/// shoulder. An extreme at an end of the sweep is no line.
std::vector<std::size_t> turns_of(std::span<const double> height, double least) {
  std::vector<std::size_t> turns;
  std::size_t low = 0, high = 0;
  enum class Way { unknown, rising, falling } way = Way::unknown;
  for (std::size_t i = 1; i < height.size(); ++i) {
    if (height[i] > height[high]) high = i;
    if (height[i] < height[low]) low = i;
    if (way == Way::unknown && height[high] - height[low] >= least) {
      way = low < high ? Way::rising : Way::falling;
      if (way == Way::rising) turns.push_back(low);
    } else if (way == Way::rising && height[high] - height[i] >= least) {
      turns.push_back(high);
      low = i;
      way = Way::falling;
    } else if (way == Way::falling && height[i] - height[low] >= least) {
      turns.push_back(low);
      high = i;
      way = Way::rising;
    }
  }
  if (way == Way::falling) turns.push_back(low);
  return turns;
}

/// Readings and where they were taken.
struct Readings {
  std::span<const double> wavelength_nm, power;
};

/// Position where the power crosses `level` on the way from `from` in a direction.
double crossing(const Readings& readings, std::size_t from, double level, int step) {
  const auto [wavelength_nm, power] = readings;
  const bool up = power[from] < level;
  std::size_t i = from;
  while (true) {
    if (step < 0 ? i == 0 : i + 1 == power.size()) return wavelength_nm[i];
    const std::size_t next = step < 0 ? i - 1 : i + 1;
    if (up ? power[next] >= level : power[next] <= level) {
      const double t = (level - power[i]) / (power[next] - power[i]);
      return wavelength_nm[i] + t * (wavelength_nm[next] - wavelength_nm[i]);
    }
    i = next;
  }
}

/// Lines of one scale.
std::vector<LineGuess> lines_at(std::span<const double> wavelength_nm,
                                std::span<const double> power, std::span<const double> height,
                                std::size_t half) {
  const double kept = static_cast<double>(2 * half + 1), count = static_cast<double>(height.size());
  const double least =
      2 * (std::sqrt(2 * std::log(std::max(8.0, count / kept))) + 0.8) / std::sqrt(kept);
  const std::vector<double> trace = smoothed(height, half), mean = smoothed(power, half);
  const std::vector<std::size_t> turns = turns_of(trace, least);
  std::vector<LineGuess> lines;
  for (std::size_t k = 1; k + 1 < turns.size(); k += 2) {
    const std::size_t at = turns[k], left = turns[k - 1], right = turns[k + 1];
    const std::size_t shoulder = trace[left] > trace[right] ? left : right;
    LineGuess line{.at = at,
                   .centre_nm = wavelength_nm[at],
                   .width_nm = 0,
                   .base = mean[shoulder],
                   .depth = std::abs(mean[at] - mean[shoulder]),
                   .standing = (trace[at] - trace[shoulder]) * std::sqrt(kept)};
    const double level = 0.5 * (mean[at] + mean[shoulder]);
    const double from = crossing({wavelength_nm, mean}, at, level, -1),
                 to = crossing({wavelength_nm, mean}, at, level, 1);
    line.width_nm = to - from;
    line.centre_nm = 0.5 * (from + to);
    lines.push_back(line);
  }
  return lines;
}

/// Depth over what is usual beside: of a dip over that, of a peak over the largest reading.
double relative_depth(const LineGuess& line, int sign, double greatest) {
  const double extreme = line.base + sign * line.depth;
  return sign * (extreme - line.usual) / (sign < 0 ? std::max(line.usual, 1e-300) : greatest);
}

/// Whether most of what is within eight widths lies on the shoulders' side: between two dips there
/// is something like a peak, but most of its neighbourhood is above it.
bool stands_out(std::span<const double> wavelength_nm, std::span<const double> power, int sign,
                LineGuess& line) {
  const double reach = 8 * line.width_nm;
  const auto from = std::lower_bound(wavelength_nm.begin(), wavelength_nm.end(),
                                     line.centre_nm - reach),
             to = std::upper_bound(from, wavelength_nm.end(), line.centre_nm + reach);
  const auto first = power.begin() + (from - wavelength_nm.begin());
  line.usual = median_of({first, first + (to - from)});
  const double extreme = line.base + sign * line.depth;
  return sign * (extreme - line.usual) > 0.4 * line.depth;
}

/// Whether a guess is a ripple beside deeper lines.
bool is_ripple(const std::vector<LineGuess>& lines, std::size_t k, int sign, double greatest) {
  double deepest = 0, gap = INFINITY;
  const double own = relative_depth(lines[k], sign, greatest);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double depth = relative_depth(lines[i], sign, greatest);
    deepest = std::max(deepest, depth);
    if (i != k && depth > 0.5 * own)
      gap = std::min(gap, std::abs(lines[i].centre_nm - lines[k].centre_nm));
  }
  // Peaks fade with their envelope, but stand over what is beside them.
  const bool fades = sign > 0 && lines[k].depth > 2 * lines[k].base;
  return (own < 0.04 * deepest && !fades) || (own < 0.5 * deepest && lines[k].width_nm > 0.3 * gap);
}

}  // namespace

std::vector<LineGuess> find_lines(std::span<const double> wavelength_nm,
                                  std::span<const double> power, const SpectrumNoise& noise,
                                  int sign) {
  std::vector<double> height;
  double greatest = 0;
  for (const double p : power) {
    height.push_back(sign * noise.stabilised(p));
    greatest = std::max(greatest, p);
  }
  std::vector<LineGuess> lines;
  for (std::size_t half = 0; 2 * half + 1 <= std::max<std::size_t>(1, power.size() / 16);
       half = half == 0 ? 2 : 4 * half) {
    const double step =
        (wavelength_nm.back() - wavelength_nm.front()) / static_cast<double>(power.size());
    for (const LineGuess& line : lines_at(wavelength_nm, power, height, half)) {
      const double reach = std::max(0.5 * line.width_nm, (static_cast<double>(half) + 1) * step);
      const bool known = std::any_of(lines.begin(), lines.end(), [&](const LineGuess& one) {
        return std::abs(one.centre_nm - line.centre_nm) < reach + 0.5 * one.width_nm;
      });
      if (!known) lines.push_back(line);
    }
  }
  std::sort(lines.begin(), lines.end(),
            [](const LineGuess& a, const LineGuess& b) { return a.centre_nm < b.centre_nm; });
  std::erase_if(lines,
                [&](LineGuess& line) { return !stands_out(wavelength_nm, power, sign, line); });
  std::vector<LineGuess> kept;
  for (std::size_t k = 0; k < lines.size(); ++k)
    if (!is_ripple(lines, k, sign, greatest)) kept.push_back(lines[k]);
  return kept;
}

}  // namespace lightloom::calibration
