#include "calibration/elements/ring_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "calibration/solvers/dense.hpp"
#include "calibration/solvers/least_squares.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A run of points on the far side of half the greatest excursion.
struct Run {
  std::size_t first = 0, last = 0, extreme = 0;
};

/// Runs that reach `high` and stay above `low`: noise about one threshold would divide a line.
std::vector<Run> runs_beyond(std::span<const double> excursion, double low, double high) {
  std::vector<Run> runs;
  bool inside = false;
  for (std::size_t i = 0; i < excursion.size(); ++i) {
    if (excursion[i] < low) inside = false;
    if (excursion[i] < high) continue;
    if (inside)
      runs.back().last = i;
    else
      runs.push_back({i, i, i});
    inside = true;
    if (excursion[i] > excursion[runs.back().extreme]) runs.back().extreme = i;
  }
  return runs;
}

/// baseline + sum of a_k / (1 + (2 (x - c_k) / w_k)^2) over x = (baseline, (a, c, w)...), c and w
/// in units of `scale` from `origin`.
ResidualFunction lorentzians(std::span<const double> at, std::span<const double> power) {
  return [=](std::span<const double> x, std::span<double> r, std::span<double> jacobian) {
    const std::size_t columns = x.size();
    for (std::size_t i = 0; i < at.size(); ++i) {
      r[i] = x[0] - power[i];
      if (!jacobian.empty()) jacobian[i * columns] = 1;
      for (std::size_t k = 1; k + 2 < columns; k += 3) {
        const double u = 2 * (at[i] - x[k + 1]) / x[k + 2], line = 1 / (1 + u * u);
        r[i] += x[k] * line;
        if (jacobian.empty()) continue;
        const double slope = -2 * u * x[k] * line * line;  // by u
        jacobian[i * columns + k] = line;
        jacobian[i * columns + k + 1] = slope * -2 / x[k + 2];
        jacobian[i * columns + k + 2] = slope * -u / x[k + 2];
      }
    }
    return true;
  };
}

std::vector<double> deviations_at(const ResidualFunction& function, std::size_t rows,
                                  const std::vector<double>& x) {
  std::vector<double> r(rows), values(rows * x.size());
  function(x, r, values);
  double squares = 0;
  for (const double residual : r) squares += residual * residual;
  const double variance =
      squares / std::max(1.0, static_cast<double>(rows) - static_cast<double>(x.size()));
  std::vector<double> result = inverse_gram_diagonal(values, rows, x.size());
  for (double& d : result) d = std::sqrt(std::max(0.0, variance * d));
  return result;
}

void measure_fsr(RingFit& fit) {
  const std::size_t count = fit.resonances.size();
  if (count < 2) return;
  const double first = fit.resonances.front().centre_nm, last = fit.resonances.back().centre_nm;
  const auto spacings = static_cast<double>(count - 1);
  fit.fsr_nm = (last - first) / spacings;
  fit.fsr_sigma =
      std::hypot(fit.resonances.front().centre_sigma, fit.resonances.back().centre_sigma) /
      spacings;
  double width = 0;
  for (const Resonance& line : fit.resonances) width += line.width_nm / static_cast<double>(count);
  fit.finesse = fit.fsr_nm / width;
  for (std::size_t i = 1; i < count; ++i) {
    const double gap = fit.resonances[i].centre_nm - fit.resonances[i - 1].centre_nm;
    if (std::abs(gap - fit.fsr_nm) > 0.2 * fit.fsr_nm)
      fit.problems.push_back(fmt::format(
          "the spacing after {:.3f} nm is {:.3f} nm, the mean {:.3f} nm (a second ring, or a split "
          "resonance?)",
          fit.resonances[i - 1].centre_nm, gap, fit.fsr_nm));
  }
}

void check(std::span<const double> wavelength_nm, std::span<const double> power) {
  require(wavelength_nm.size() == power.size(), "ring: {} wavelengths but {} powers",
          wavelength_nm.size(), power.size());
  require(power.size() >= 8, "ring: {} points (8 at least)", power.size());
  for (std::size_t i = 0; i < power.size(); ++i) {
    require(std::isfinite(power[i]) && std::isfinite(wavelength_nm[i]),
            "ring: point {} is not a number", i);
    require(i == 0 || wavelength_nm[i] > wavelength_nm[i - 1],
            "ring: the wavelengths do not rise at point {}", i);
  }
}

}  // namespace

RingFit fit_ring(std::span<const double> wavelength_nm, std::span<const double> power) {
  check(wavelength_nm, power);
  RingFit fit;
  fit.baseline = median({power.begin(), power.end()});
  const auto [low, high] = std::minmax_element(power.begin(), power.end());
  fit.dips = fit.baseline - *low > *high - fit.baseline;
  const double sign = fit.dips ? -1 : 1;
  std::vector<double> excursion, changes;
  for (const double p : power) excursion.push_back(sign * (p - fit.baseline));
  for (std::size_t i = 1; i < power.size(); ++i)
    changes.push_back(std::abs(power[i] - power[i - 1]));
  const double greatest = *std::max_element(excursion.begin(), excursion.end());
  const double jitter = median(changes);  // 0.95 standard deviations of a reading
  if (greatest < 6 * jitter || greatest <= 0) {
    fit.problems.push_back("no resonance: nothing stands out of the noise");
    return fit;
  }
  const std::vector<Run> runs = runs_beyond(
      excursion, std::max(0.15 * greatest, 0.5 * greatest - 6 * jitter), 0.5 * greatest);
  const double step =
      (wavelength_nm.back() - wavelength_nm.front()) / static_cast<double>(power.size() - 1);
  std::vector<double> at, x{fit.baseline};
  for (const double w : wavelength_nm) at.push_back((w - wavelength_nm.front()) / step);
  for (const Run& run : runs)
    x.insert(x.end(), {sign * excursion[run.extreme], at[run.extreme],
                       std::max(1.0, at[run.last] - at[run.first])});
  const ResidualFunction function = lorentzians(at, power);
  const LeastSquaresSummary summary =
      minimise(function, static_cast<int>(power.size()), x, {.max_iterations = 200});
  fit.rms = std::sqrt(2 * summary.final_cost / static_cast<double>(power.size()));
  const std::vector<double> sigma = deviations_at(function, power.size(), x);
  fit.baseline = x[0];
  for (std::size_t k = 1; k < x.size(); k += 3) {
    Resonance line{.centre_nm = wavelength_nm.front() + step * x[k + 1],
                   .centre_sigma = step * sigma[k + 1],
                   .width_nm = step * std::abs(x[k + 2]),
                   .width_sigma = step * sigma[k + 2],
                   .depth = fit.dips ? -x[k] / x[0] : x[k]};
    line.quality = line.centre_nm / line.width_nm;
    line.quality_sigma = line.quality * line.width_sigma / line.width_nm;
    if (line.width_nm < 4 * step)
      fit.problems.push_back(
          fmt::format("under-sampled: the line at {:.3f} nm is {:.2f} steps wide (4 are needed)",
                      line.centre_nm, line.width_nm / step));
    if (line.centre_nm - line.width_nm < wavelength_nm.front() ||
        line.centre_nm + line.width_nm > wavelength_nm.back())
      fit.problems.push_back(
          fmt::format("the line at {:.3f} nm is cut off by the end of the sweep", line.centre_nm));
    fit.resonances.push_back(line);
  }
  measure_fsr(fit);
  if (!summary.converged) fit.problems.push_back("the fit did not converge: " + summary.message);
  return fit;
}

}  // namespace lightloom::calibration
