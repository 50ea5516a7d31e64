#include "calibration/rings/lines/line_fit.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/rings/lines/line_errors.hpp"
#include "calibration/rings/lines/line_refinement.hpp"

namespace lightloom::calibration {
namespace {

constexpr std::size_t most_readings = 1200;  // more are averaged in groups
constexpr std::size_t most_bounds = 150;     // of more, some are used

/// What is given to a fit.
struct GivenSweep {
  std::span<const double> wavelength_nm, power;
  const std::vector<char>& spoiled;
};

/// Means of groups of equal number where there are many readings, of the narrowest line at least
/// forty: wider groups would widen it.
LineData in_groups(LineData all, const LineTask& task) {
  double narrowest = INFINITY;
  for (const LineGuess& guess : task.guesses) narrowest = std::min(narrowest, guess.width_nm);
  const double over_width = narrowest / (task.to_nm - task.from_nm) / 40,
               count = static_cast<double>(all.power.size());
  const std::size_t group = std::min(all.power.size() / most_readings + 1,
                                     static_cast<std::size_t>(std::max(1.0, over_width * count)));
  if (group == 1) return all;
  LineData grouped;
  grouped.bounds = std::move(all.bounds);
  for (std::size_t i = 0; i + group <= all.power.size(); i += group) {
    double x = 0, p = 0;
    for (std::size_t j = i; j < i + group; ++j) x += all.x_nm[j], p += all.power[j];
    grouped.x_nm.push_back(x / static_cast<double>(group));
    grouped.power.push_back(p / static_cast<double>(group));
  }
  return grouped;
}

/// Readings of the range; of the spoiled ones some.
LineData readings_in(const LineTask& task, const GivenSweep& sweep) {
  LineData all;
  std::vector<LineBound> bounds;
  for (std::size_t i = 0; i < sweep.power.size(); ++i) {
    const double nm = sweep.wavelength_nm[i];
    if (nm < task.from_nm || nm > task.to_nm || sweep.spoiled[i] == lone_reading) continue;
    if (sweep.spoiled[i] != 0) {
      bounds.push_back({.place = {nm}, .power = sweep.power[i], .least = sweep.spoiled[i] == 1});
      continue;
    }
    all.x_nm.push_back(nm);
    all.power.push_back(sweep.power[i]);
  }
  const std::size_t each = bounds.size() / most_bounds + 1;
  for (std::size_t i = 0; i < bounds.size(); i += each) all.bounds.push_back(bounds[i]);
  return in_groups(std::move(all), task);
}

/// What a line does at a place, over its base at the through port.
double share_at(const FittedLine& line, double nm) {
  const double s = 2 * (nm - line.centre_nm) * line.centre_nm / (nm * line.width_nm);
  return (line.alpha + line.beta * s) / (1 + s * s);
}

double beside_at(const LineTask& task, double nm) {
  double factor = 1, sum = 0;
  for (const FittedLine& line : task.beside) {
    const double share = share_at(line, nm);
    factor *= std::max(1 + share, 0.02);
    sum += share;
  }
  return task.dips ? factor - 1 : sum;
}

void place_beside(const LineTask& task, LineData& data) {
  if (task.beside.empty()) return;
  for (const double nm : data.x_nm) data.beside.push_back(beside_at(task, nm));
  for (LineBound& bound : data.bounds) bound.place.beside = beside_at(task, bound.place.nm);
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

/// Noise of every reading by the fitted curve.
void weigh(const LineAttempt& fit, const SpectrumNoise& noise, LineData& data) {
  for (std::size_t i = 0; i < data.x_nm.size(); ++i)
    data.sigma[i] = noise.sigma(line_power(fit.shape, fit.x, data.place(i), {}));
}

/// Takes single readings out that stand alone, beyond eight times what the others do.
std::vector<double> drop_outliers(const LineAttempt& fit, LineData& data) {
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
    if (!data.beside.empty()) kept.beside.push_back(data.beside[i]);
  }
  if (dropped.empty() || dropped.size() > 1 + r.size() / 50) return {};
  kept.bounds = std::move(data.bounds);
  data = std::move(kept);
  return dropped;
}

/// Of a line without a known period: whether it is a Lorentzian or one of Airy's, of a period that
/// puts no other line into the sweep. The best, and in `reach` how far the log widths of those that
/// fit as well are from it.
LineAttempt with_best_period(LineAttempt fit, double shortest_nm, const LineData& data,
                             double& reach) {
  std::vector<LineAttempt> tried{fit};
  const auto at = [&](double times) {
    LineShape shape = fit.shape;
    shape.period_nm = times * shortest_nm;
    tried.push_back(fit_shape(shape, fit.x, data));
    return tried.back().cost;
  };
  double low = 1.01, high = 7;  // golden section over the logarithm
  for (const double times : {1.02, 1.4, 2.0, 3.5, 7.0}) at(times);
  for (int i = 0; i < 10; ++i) {
    const double a = low * std::pow(high / low, 0.382), b = low * std::pow(high / low, 0.618);
    const double left = at(a), right = at(b);
    (left < right ? high : low) = left < right ? b : a;
  }
  for (const LineAttempt& one : tried)
    if (one.cost < fit.cost) fit = one;
  const double freedom = std::max(1.0, static_cast<double>(data.x_nm.size() - fit.x.size()));
  const double limit = fit.cost * (1 + 4 / freedom);
  for (const LineAttempt& one : tried) {
    if (one.cost > limit) continue;
    for (std::size_t k = 0; k < fit.shape.lines; ++k) {
      const std::size_t width = fit.shape.front() + 4 * k + 1;
      reach = std::max(reach, std::abs(one.x[width] - fit.x[width]));
    }
  }
  return fit;
}

LineShape shape_of(const LineTask& task, const LineData& data) {
  LineShape shape{.middle_nm = 0.5 * (task.from_nm + task.to_nm),
                  .reach_nm = 0.5 * (task.to_nm - task.from_nm),
                  .period_nm = task.period_nm,
                  .dips = task.dips,
                  .lines = task.guesses.size()};
  if (data.x_nm.size() < shape.size() + 2) shape.envelope = false;
  shape.known = {(task.envelope.at - shape.middle_nm) / shape.reach_nm,
                 task.envelope.slope * shape.reach_nm,
                 task.envelope.bend * shape.reach_nm * shape.reach_nm};
  const double k = task.ripple_per_nm * shape.reach_nm;
  if (k > 1.5 && data.x_nm.size() > 2 * shape.size()) {  // a longer one is an envelope
    shape.ripple_k = k;
    shape.ripple_amplitude = task.ripple_amplitude;
  }
  return shape;
}

}  // namespace

LineFit fit_lines(const LineTask& task, std::span<const double> wavelength_nm,
                  std::span<const double> power, const std::vector<char>& spoiled) {
  LineFit result;
  LineData data = readings_in(task, {wavelength_nm, power, spoiled});
  place_beside(task, data);
  const LineShape shape = shape_of(task, data);
  result.readings = static_cast<int>(data.x_nm.size());
  if (data.x_nm.size() < shape.size() + 1) return result;
  const SpectrumNoise noise = noise_of(data.power);
  for (const double p : data.power) data.sigma.push_back(noise.sigma(p));
  for (LineBound& bound : data.bounds) bound.sigma = noise.sigma(bound.power);
  LineAttempt fit = fit_shape(shape, start_of(task, shape), data);
  weigh(fit, noise, data);
  fit = fit_shape(shape, fit.x, data);
  result.outliers_nm = drop_outliers(fit, data);
  if (!result.outliers_nm.empty()) fit = fit_shape(shape, fit.x, data);
  const double plain = misfit_of(residuals_of(fit, data), fit.x.size());
  if (shape.ripple_amplitude > 0) fit = with_known_ripple(fit, data);
  fit = refined(std::move(fit), data, task.guesses.size());
  weigh(fit, noise, data);
  fit = fit_shape(fit.shape, fit.x, data);
  if (task.shortest_period_nm > 0)
    fit = with_best_period(std::move(fit), task.shortest_period_nm, data, result.width_reach);
  result.shape = fit.shape;
  result.converged = fit.converged;
  const std::vector<double> r = residuals_of(fit, data);
  result.misfit = misfit_of(r, fit.x.size());
  result.plain_misfit = plain;
  result.evidence = evidence_of(fit, data);
  describe_lines({fit.shape, fit.x, r}, data, result);
  return result;
}

}  // namespace lightloom::calibration
