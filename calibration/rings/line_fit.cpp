#include "calibration/rings/line_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/rings/line_errors.hpp"

namespace lightloom::calibration {
namespace {

constexpr std::size_t most_readings = 1200;  // more are averaged in groups

/// Readings of the range, in groups of equal number where there are many.
LineData readings_in(const LineTask& task, std::span<const double> wavelength_nm,
                     std::span<const double> power, const std::vector<char>& spoiled) {
  LineData all;
  for (std::size_t i = 0; i < power.size(); ++i) {
    if (wavelength_nm[i] < task.from_nm || wavelength_nm[i] > task.to_nm || spoiled[i] != 0)
      continue;
    all.x_nm.push_back(wavelength_nm[i]);
    all.power.push_back(power[i]);
  }
  const std::size_t group = all.power.size() / most_readings + 1;
  if (group == 1) return all;
  LineData grouped;
  for (std::size_t i = 0; i + group <= all.power.size(); i += group) {
    double x = 0, p = 0;
    for (std::size_t j = i; j < i + group; ++j) x += all.x_nm[j], p += all.power[j];
    grouped.x_nm.push_back(x / static_cast<double>(group));
    grouped.power.push_back(p / static_cast<double>(group));
  }
  return grouped;
}

/// What is beside a line: of one in a doublet the shoulder is far below.
double base_of(const LineGuess& guess, bool dips) {
  return dips ? std::max(guess.base, guess.usual) : std::min(guess.base, guess.usual);
}

std::vector<double> start_of(const LineTask& task, const LineShape& shape) {
  double base = 0;
  for (const LineGuess& guess : task.guesses)
    base += base_of(guess, task.dips) / static_cast<double>(task.guesses.size());
  std::vector<double> x{base, 0, 0};
  for (const LineGuess& guess : task.guesses) {
    const double width = std::max(guess.width_nm, 1e-9),
                 extreme = guess.base + (shape.dips ? -guess.depth : guess.depth);
    x.insert(x.end(), {(guess.centre_nm - shape.middle_nm) / shape.reach_nm,
                       std::log(width / shape.reach_nm), extreme - base_of(guess, shape.dips), 0});
  }
  return x;
}

/// A fit and what it leaves.
struct Attempt {
  LineShape shape;
  std::vector<double> x;
  double cost = INFINITY;
  bool converged = false;
};

Attempt attempt(const LineShape& shape, std::vector<double> x, const LineData& data) {
  const LeastSquaresSummary summary = minimise(line_residuals(shape, data), line_rows(data), x,
                                               {.max_iterations = 60, .function_tolerance = 1e-9});
  return {shape, std::move(x), std::isfinite(summary.final_cost) ? summary.final_cost : INFINITY,
          summary.converged};
}

std::vector<double> residuals_of(const Attempt& fit, const LineData& data) {
  std::vector<double> r(static_cast<std::size_t>(line_rows(data)));
  line_residuals(fit.shape, data)(fit.x, r, {});
  r.resize(data.x_nm.size());
  return r;
}

/// RMS over what differs from reading to reading.
double misfit_of(std::span<const double> residuals, std::size_t parameters) {
  double squares = 0;
  for (const double r : residuals) squares += r * r;
  const double freedom =
      std::max(1.0, static_cast<double>(residuals.size()) - static_cast<double>(parameters));
  const double quick = difference_sigma(residuals);
  return quick > 0 ? std::sqrt(squares / freedom) / quick : 1;
}

/// Noise of every reading by the fitted curve.
void weigh(const Attempt& fit, const SpectrumNoise& noise, LineData& data) {
  for (std::size_t i = 0; i < data.x_nm.size(); ++i)
    data.sigma[i] = noise.sigma(line_power(fit.shape, fit.x, data.x_nm[i], {}));
}

/// Takes single readings out that stand alone, beyond eight times what the others do.
std::vector<double> drop_outliers(const Attempt& fit, LineData& data) {
  const std::vector<double> r = residuals_of(fit, data);
  std::vector<double> sizes, dropped;
  for (const double one : r) sizes.push_back(std::abs(one));
  const double limit = 8 * median_of(sizes) / 0.6745;
  LineData kept;
  for (std::size_t i = 0; i < r.size(); ++i) {
    const bool calm =
        (i == 0 || sizes[i - 1] < 0.5 * limit) && (i + 1 == r.size() || sizes[i + 1] < 0.5 * limit);
    if (sizes[i] > limit && calm) {
      dropped.push_back(data.x_nm[i]);
      continue;
    }
    kept.x_nm.push_back(data.x_nm[i]);
    kept.power.push_back(data.power[i]);
    kept.sigma.push_back(data.sigma[i]);
  }
  if (dropped.empty() || dropped.size() > 1 + r.size() / 50) return {};
  data = std::move(kept);
  return dropped;
}

/// Whether no two lines have become one, which a sum of two of any signs may be.
bool apart_in(const Attempt& fit) {
  for (std::size_t a = 0; a < fit.shape.lines; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double* one = &fit.x[fit.shape.front() + 4 * a];
      const double* other = &fit.x[fit.shape.front() + 4 * b];
      if (std::abs(one[0] - other[0]) < 0.15 * (std::exp(one[1]) + std::exp(other[1])))
        return false;
    }
  }
  return true;
}

/// RMS residual over the deepest line.
double share_left(const Attempt& fit, std::span<const double> residuals, const LineData& data) {
  double depth = 1e-300, squares = 0;
  for (std::size_t k = 0; k < fit.shape.lines; ++k)
    depth = std::max(depth, std::abs(fit.x[fit.shape.front() + 4 * k + 2]));
  for (std::size_t i = 0; i < residuals.size(); ++i)
    squares += residuals[i] * residuals[i] * data.sigma[i] * data.sigma[i];
  return std::sqrt(squares / static_cast<double>(residuals.size())) / depth;
}

/// The fit with line k as two.
Attempt split(const Attempt& fit, std::size_t k, const LineData& data) {
  Attempt best;
  for (const double apart : {0.25, 0.45}) {
    LineShape shape = fit.shape;
    std::vector<double> x = fit.x;
    ++shape.lines;
    const std::size_t at = shape.front() + 4 * k;
    std::vector<double> other(x.begin() + static_cast<std::ptrdiff_t>(at),
                              x.begin() + static_cast<std::ptrdiff_t>(at) + 4);
    const double width = std::exp(x[at + 1]);
    other[0] += apart * width;
    x[at] -= apart * width;
    other[1] = x[at + 1] += std::log(0.6);
    other[2] = x[at + 2] *= 0.7;
    other[3] = x[at + 3] = 0;
    x.insert(x.end(), other.begin(), other.end());
    Attempt found = attempt(shape, std::move(x), data);
    if (found.cost < best.cost && apart_in(found)) best = std::move(found);
  }
  return best;
}

/// The fit with a ripple of the period that explains most of the residuals.
Attempt rippled(const Attempt& fit, const LineData& data) {
  const std::vector<double> r = residuals_of(fit, data);
  const auto& [middle, reach] = std::pair{fit.shape.middle_nm, fit.shape.reach_nm};
  const double highest =
      std::min(200.0, 0.5 * std::numbers::pi * static_cast<double>(r.size()) / 2);
  double best_k = 0, most = 0;
  std::vector<double> parts{0, 0};
  for (double k = 3; k < highest; k += 0.5) {
    double cosine = 0, sine = 0, weight = 0;
    for (std::size_t i = 0; i < r.size(); ++i) {
      const double t = (data.x_nm[i] - middle) / reach,
                   scale = line_power(fit.shape, fit.x, data.x_nm[i], {}) / data.sigma[i];
      cosine -= r[i] * scale * std::cos(k * t);
      sine -= r[i] * scale * std::sin(k * t);
      weight += 0.5 * scale * scale;
    }
    const double gain = (cosine * cosine + sine * sine) / std::max(weight, 1e-300);
    if (gain > most) most = gain, best_k = k, parts = {cosine / weight, sine / weight};
  }
  if (best_k == 0) return {};
  LineShape shape = fit.shape;
  shape.ripple = true;
  std::vector<double> x = fit.x;
  parts.push_back(best_k);
  x.insert(x.begin() + 3, parts.begin(), parts.end());
  return attempt(shape, std::move(x), data);
}

/// Splits lines or adds a ripple while that explains much of what the noise does not.
Attempt refined(Attempt fit, const LineData& data, std::size_t lines) {
  Attempt whole = fit;  // the best without splits
  for (int round = 0; round < 3; ++round) {
    const std::vector<double> r = residuals_of(fit, data);
    if (data.x_nm.size() < 2 * fit.x.size() || misfit_of(r, fit.x.size()) < 1.15 ||
        share_left(fit, r, data) < 5e-4)
      break;
    Attempt best;
    if (fit.shape.lines < 2 * lines)
      for (std::size_t k = 0; k < std::min<std::size_t>(fit.shape.lines, 4); ++k) {
        Attempt found = split(fit, k, data);
        if (found.cost < best.cost) best = std::move(found);
      }
    if (!fit.shape.ripple) {
      Attempt found = rippled(fit, data);
      if (found.cost < 0.98 * best.cost) best = std::move(found);
    }
    const double quick = difference_sigma(r);
    if (!(2 * (fit.cost - best.cost) > 30 * quick * quick) || !(best.cost < 0.85 * fit.cost)) break;
    fit = std::move(best);
    if (fit.shape.lines == whole.shape.lines) whole = fit;
  }
  // Two lines that leave much are no explanation: something else is wrong with the one.
  const double left = misfit_of(residuals_of(fit, data), fit.x.size());
  return fit.shape.lines > whole.shape.lines && left > 1.6 && fit.cost > 0.05 * whole.cost ? whole
                                                                                           : fit;
}

/// Of a line without a known period: whether it is a Lorentzian or one of Airy's, of a period that
/// puts no other line into the sweep. The best, and in `reach` how far the log widths of those that
/// fit as well are from it.
Attempt with_best_period(Attempt fit, double shortest_nm, const LineData& data, double& reach) {
  std::vector<Attempt> tried{fit};
  const auto at = [&](double times) {
    LineShape shape = fit.shape;
    shape.period_nm = times * shortest_nm;
    tried.push_back(attempt(shape, fit.x, data));
    return tried.back().cost;
  };
  double low = 1.01, high = 7;  // golden section over the logarithm
  for (const double times : {1.02, 1.4, 2.0, 3.5, 7.0}) at(times);
  for (int i = 0; i < 10; ++i) {
    const double a = low * std::pow(high / low, 0.382), b = low * std::pow(high / low, 0.618);
    const double left = at(a), right = at(b);
    (left < right ? high : low) = left < right ? b : a;
  }
  for (const Attempt& one : tried)
    if (one.cost < fit.cost) fit = one;
  const double freedom = std::max(1.0, static_cast<double>(data.x_nm.size() - fit.x.size()));
  const double limit = fit.cost * (1 + 4 / freedom);
  for (const Attempt& one : tried) {
    if (one.cost > limit) continue;
    for (std::size_t k = 0; k < fit.shape.lines; ++k) {
      const std::size_t width = fit.shape.front() + 4 * k + 1;
      reach = std::max(reach, std::abs(one.x[width] - fit.x[width]));
    }
  }
  return fit;
}

}  // namespace

LineFit fit_lines(const LineTask& task, std::span<const double> wavelength_nm,
                  std::span<const double> power, const std::vector<char>& spoiled) {
  LineFit result;
  LineData data = readings_in(task, wavelength_nm, power, spoiled);
  LineShape shape{.middle_nm = 0.5 * (task.from_nm + task.to_nm),
                  .reach_nm = 0.5 * (task.to_nm - task.from_nm),
                  .period_nm = task.period_nm,
                  .dips = task.dips,
                  .lines = task.guesses.size()};
  result.readings = static_cast<int>(data.x_nm.size());
  if (data.x_nm.size() < shape.size() + 2) shape.envelope = false;
  if (data.x_nm.size() < shape.size() + 1) return result;
  const SpectrumNoise noise = noise_of(data.power);
  for (const double p : data.power) data.sigma.push_back(noise.sigma(p));
  Attempt fit = attempt(shape, start_of(task, shape), data);
  weigh(fit, noise, data);
  fit = attempt(shape, fit.x, data);
  result.outliers_nm = drop_outliers(fit, data);
  if (!result.outliers_nm.empty()) fit = attempt(shape, fit.x, data);
  const double plain = misfit_of(residuals_of(fit, data), fit.x.size());
  fit = refined(std::move(fit), data, task.guesses.size());
  weigh(fit, noise, data);
  fit = attempt(fit.shape, fit.x, data);
  if (task.shortest_period_nm > 0)
    fit = with_best_period(std::move(fit), task.shortest_period_nm, data, result.width_reach);
  result.shape = fit.shape;
  result.converged = fit.converged;
  const std::vector<double> r = residuals_of(fit, data);
  result.misfit = misfit_of(r, fit.x.size());
  result.plain_misfit = plain;
  describe_lines({fit.shape, fit.x, r}, data, result);
  return result;
}

}  // namespace lightloom::calibration
