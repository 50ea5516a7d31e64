#include "calibration/rings/width_errors.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/rings/lines/spectrum_noise.hpp"

namespace lightloom::calibration {
namespace {

constexpr double errors_of_interval =
    2.1;  // for 95 %: a little over 1.96, as sigma itself is estimated

double noise_of_width(const Resonance& line) {
  return line.width_sigma - line.width_apart_nm / 1.96;
}

std::vector<const Resonance*> single_lines(const Comb& comb, const std::vector<Resonance>& lines) {
  std::vector<const Resonance*> single;
  for (const std::size_t i : comb.lines)
    if (!lines[i].split) single.push_back(&lines[i]);
  return single;
}

double relative_error(const Resonance& line) { return noise_of_width(line) / line.width_nm; }

/// How many numbers are fitted to so many widths: a mean, and a slope where they can tell it.
double fitted_numbers(std::size_t lines) { return lines < 5 ? 1 : 2; }

/// The median slope of all pairs (Theil and Sen), in logarithms a nm; 0 of fewer than five lines.
double slope_of(const std::vector<const Resonance*>& lines) {
  std::vector<double> slopes;
  for (std::size_t a = 0; a < lines.size(); ++a)
    for (std::size_t b = a + 1; b < lines.size(); ++b)
      slopes.push_back(std::log(lines[b]->width_nm / lines[a]->width_nm) /
                       (lines[b]->centre_nm - lines[a]->centre_nm));
  return lines.size() < 5 ? 0 : median_of(slopes);
}

/// Logarithms of the widths less those of a straight line through them.
std::vector<double> off_line(const std::vector<const Resonance*>& lines) {
  const double slope = slope_of(lines);
  std::vector<double> off;
  for (const Resonance* line : lines)
    off.push_back(std::log(line->width_nm) - slope * line->centre_nm);
  const double middle = median_of(off);
  for (double& one : off) one -= middle;
  return off;
}

/// Standard deviation of what is left by its median, with the numbers that were fitted taken off.
double robust_spread(const std::vector<double>& off) {
  std::vector<double> sizes;
  for (const double one : off) sizes.push_back(std::abs(one));
  const auto count = static_cast<double>(off.size());
  return median_of(sizes) / 0.6745 * count / (count - fitted_numbers(off.size()) - 0.5);
}

/// Sum of squares over the errors about the best straight line.
double chi_square(const std::vector<const Resonance*>& lines) {
  const bool sloped = fitted_numbers(lines.size()) > 1;
  double weights = 0, x = 0, y = 0, xx = 0, xy = 0, squares = 0;
  for (const int pass : {0, 1, 2}) {
    for (const Resonance* line : lines) {
      const double weight = 1 / std::pow(std::max(relative_error(*line), 1e-9), 2),
                   dx = line->centre_nm - lines.front()->centre_nm - (pass > 0 ? x : 0),
                   dy = std::log(line->width_nm / lines.front()->width_nm) - (pass > 0 ? y : 0);
      if (pass == 0) {
        weights += weight;
        x += weight * dx;
        y += weight * dy;
      } else if (pass == 1) {
        xx += weight * dx * dx;
        xy += weight * dx * dy;
      } else {
        squares += weight * std::pow(dy - (sloped && xx > 0 ? xy / xx * dx : 0), 2);
      }
    }
    if (pass == 0) x /= weights, y /= weights;
  }
  return squares;
}

/// What a sum of `freedom` squares exceeds once in two hundred (Wilson and Hilferty 1931).
double rare_chi_square(double freedom) {
  const double part = 2 / (9 * freedom);
  return freedom * std::pow(1 - part + 2.576 * std::sqrt(part), 3);
}

}  // namespace

void set_width_error(double noise_nm, Resonance& line) {
  line.width_sigma = noise_nm + line.width_apart_nm / 1.96;
  line.quality = line.centre_nm / line.width_nm;
  line.quality_sigma = line.quality * line.width_sigma / line.width_nm;
  const double half = errors_of_interval * noise_nm + line.width_apart_nm;
  line.quality_low = line.centre_nm / (line.width_nm + half);
  line.quality_high = line.centre_nm / std::max(line.width_nm - half, 0.02 * line.width_nm);
}

WidthScatter scatter_of(const Comb& comb, const std::vector<Resonance>& lines) {
  const std::vector<const Resonance*> single = single_lines(comb, lines);
  if (single.size() < 3) return {};
  std::vector<double> errors;
  for (const Resonance* line : single) errors.push_back(relative_error(*line));
  const double freedom = static_cast<double>(single.size()) - fitted_numbers(single.size());
  return {.spread = robust_spread(off_line(single)),
          .error = median_of(errors),
          .beyond = chi_square(single) > rare_chi_square(freedom)};
}

void widen_by_scatter(const Comb& comb, std::vector<Resonance>& lines) {
  if (single_lines(comb, lines).size() < 3) return;
  const WidthScatter scatter = scatter_of(comb, lines);
  const double more =
      std::sqrt(std::max(0.0, std::pow(scatter.spread, 2) - std::pow(scatter.error, 2)));
  const std::vector<double> off = off_line(single_lines(comb, lines));
  std::size_t next = 0;
  for (const std::size_t i : comb.lines) {
    Resonance& line = lines[i];
    if (line.split) continue;
    const double own = std::abs(off[next++]) * line.width_nm,
                 known = std::hypot(noise_of_width(line), more * line.width_nm);
    set_width_error(own > 3 * known ? std::hypot(known, own) : known, line);
  }
}

}  // namespace lightloom::calibration
