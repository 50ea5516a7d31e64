#include "calibration/elements/fringe_causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

double greatest_of(const FringeSweepData& data) {
  double greatest = 0;
  for (const double v : data.volts) greatest = std::max(greatest, std::abs(v));
  return greatest;
}

bool significant(const FringeSolution& plain, const FringeSolution& more, std::size_t rows) {
  const double added =
      static_cast<double>(more.model.size()) - static_cast<double>(plain.model.size());
  const double freedom = static_cast<double>(rows) - static_cast<double>(more.model.size());
  if (freedom < 2 || !(more.squares < 0.9 * plain.squares)) return false;
  // Another law of no more parameters: the same bar for twice the logarithm of the likelihoods.
  if (!(added > 0))
    return static_cast<double>(rows) * std::log(plain.squares / std::max(more.squares, 1e-300)) >
           25 + 100 / freedom;
  const double f =
      (plain.squares - more.squares) / added / std::max(more.squares / freedom, 1e-300);
  return f > 25 + 100 / freedom;
}

std::string law_text(const FringeSolution& better, const FringeSweepData& data) {
  const double volts = pi_voltage(better, greatest_of(data));
  return std::isfinite(volts) ? fmt::format("V_pi {:.4g} V", volts)
                              : std::string("no V_pi in reach");
}

FringeCause heated(const FringeSolution& fit, const GammaRange& range,
                   const FringeSweepData& data) {
  const FringeModel model{powers_of(FringeLaw::self_heating), FringeFault::none};
  FringeSolution near = refine(model, start_from(fit, model), data);
  // Strong self-heating is fringes away from the law without: worth a search only where much is
  // left.
  const bool much =
      following_of(residuals_of(fit, data), data.volts).deviations > 3 ||
      fit.squares > 0.01 * fit.x[1] * fit.x[1] * static_cast<double>(data.volts.size());
  FringeSolution far = much ? best_fringe(FringeLaw::self_heating, range, data) : near;
  FringeCause cause{
      .better = near.squares < far.squares ? near : far, .text = {}, .changes_law = true};
  const double v2 = std::pow(greatest_of(data), 2),
               share = cause.better.coefficient(4) * v2 / cause.better.coefficient(2);
  cause.text = fmt::format(
      "wrong law: gamma_2 of {:.3g} rad/V^4 ({:+.1f} % of the phase at the end) leaves {:.2g} of "
      "the "
      "squares (self-heating: --law self-heating gives gamma {:.6g} rad/V^2, {})",
      cause.better.coefficient(4), 100 * share, cause.better.squares / fit.squares,
      cause.better.coefficient(2), law_text(cause.better, data));
  return cause;
}

/// The phase of an electro-optic modulator.
FringeCause linear(const FringeSolution& fit, const FringeSweepData& data) {
  FringeCause cause{.better = fit, .text = {}, .changes_law = true};
  cause.better.squares = INFINITY;
  const double mean = std::accumulate(data.readings.begin(), data.readings.end(), 0.0) /
                      static_cast<double>(data.readings.size());
  double spread = 0;  // a search only where much is left
  for (const double reading : data.readings) spread += (reading - mean) * (reading - mean);
  if (!(fit.squares > 0.02 * spread)) return cause;
  FringeSweepData square_roots = data;
  const double least = *std::min_element(data.volts.begin(), data.volts.end());
  for (double& v : square_roots.volts) v = std::sqrt(v - least);
  cause.better =
      best_fringe(FringeLaw::quadratic, range_of(sampling_of(square_roots)), square_roots);
  cause.text = fmt::format(
      "wrong law: a phase that goes with the voltage itself leaves {:.2g} of the squares (an "
      "electro-optic modulator: --law linear gives V_pi {:.4g} V)",
      cause.better.squares / fit.squares, pi / cause.better.coefficient(2));
  return cause;
}

FringeCause bent(const FringeSolution& fit, const FringeSweepData& data) {
  const FringeModel model{powers_of(FringeLaw::cubic), FringeFault::none};
  FringeCause cause{
      .better = refine(model, start_from(fit, model), data), .text = {}, .changes_law = true};
  cause.text = fmt::format(
      "wrong law: terms in V and V^3 leave {:.2g} of the squares (an offset of the driver, or a "
      "heater "
      "that is no resistor: --law cubic gives {})",
      cause.better.squares / fit.squares, law_text(cause.better, data));
  return cause;
}

FringeCause faded(const FringeSolution& fit, const FringeSweepData& data) {
  FringeModel model = fit.model;
  model.fault = FringeFault::fading;
  FringeCause cause{
      .better = refine(model, start_from(fit, model), data), .text = {}, .changes_law = false};
  const double rate = cause.better.x.back();
  cause.text = fmt::format(
      "fading power: the readings {} by {:.1f} % over the sweep (coupling that drifts, or a "
      "source: "
      "monitor it; the fit allows for it)",
      rate < 0 ? "fall" : "rise", 100 * std::abs(rate) / (1 + 0.5 * std::abs(rate)));
  return cause;
}

FringeCause compressed(const FringeSolution& fit, const FringeSweepData& data) {
  FringeModel model = fit.model;
  model.fault = FringeFault::harmonics;
  FringeCause cause{
      .better = refine(model, start_from(fit, model), data), .text = {}, .changes_law = false};
  const double share =
      std::hypot(cause.better.x[cause.better.x.size() - 2], cause.better.x.back()) /
      std::max(cause.better.x[1], 1e-300);
  cause.text = fmt::format(
      "the fringe is no cosine: a second harmonic of {:.1f} % of it (a detector that compresses, "
      "readings in decibels, or a second interferometer in the path; the fit allows for it)",
      100 * share);
  return cause;
}

}  // namespace

FringeCause likely_cause(const FringeSolution& fit, FringeLaw law, const GammaRange& range,
                         const FringeSweepData& data) {
  std::vector<FringeCause> causes{faded(fit, data), compressed(fit, data)};
  if (law != FringeLaw::cubic) causes.push_back(bent(fit, data));
  if (law != FringeLaw::self_heating) causes.push_back(heated(fit, range, data));
  if (law != FringeLaw::cubic) causes.push_back(linear(fit, data));
  const std::size_t rows = data.volts.size();
  FringeCause best;
  best.better.squares = INFINITY;
  // Below that readings are rounded numbers, and nobody's measurement.
  if (!(fit.squares > 1e-12 * fit.x[1] * fit.x[1] * static_cast<double>(rows))) return best;
  for (FringeCause& cause : causes) {
    if (!significant(fit, cause.better, rows)) continue;
    // Of causes that explain as much the simplest, later in the list, is taken.
    if (cause.better.squares < 1.1 * best.better.squares) best = std::move(cause);
  }
  return best;
}

Following following_of(const std::vector<double>& residuals, const std::vector<double>& by) {
  std::vector<std::size_t> order(residuals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return by[a] < by[b]; });
  double own = 0, next = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    own += residuals[order[i]] * residuals[order[i]];
    if (i + 1 < order.size()) next += residuals[order[i]] * residuals[order[i + 1]];
  }
  if (!(own > 0)) return {};
  return {next / own, next / own * std::sqrt(static_cast<double>(residuals.size()))};
}

double pi_voltage(const FringeSolution& solution, double greatest_V) {
  const double step = greatest_V / 1000;
  double before = 0;
  for (int i = 1; i <= 10000; ++i) {
    const double v = step * i;
    if (std::abs(phase_change(solution, v)) < pi) {
      before = v;
      continue;
    }
    double low = before, high = v;
    for (int k = 0; k < 60; ++k) {
      const double middle = 0.5 * (low + high);
      (std::abs(phase_change(solution, middle)) < pi ? low : high) = middle;
    }
    return 0.5 * (low + high);
  }
  return NAN;
}

}  // namespace lightloom::calibration
