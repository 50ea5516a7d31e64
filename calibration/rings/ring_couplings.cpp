#include "calibration/rings/ring_couplings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// t1 t2 a of a line: its width is the mean of the two in use (rings.md#width).
double feedback_of(double width_nm, double period_nm) {
  double sine = 0, peak = width_nm;
  for (int i = 0; i < 20; ++i) {
    sine = std::sin(std::min(0.5 * pi * peak / period_nm, 0.49 * pi));
    const double half = period_nm * 2 / pi * std::asin(sine / std::sqrt(1 + 2 * sine * sine));
    peak += width_nm - 0.5 * (peak + half);
  }
  return std::pow(std::sqrt(1 + sine * sine) - sine, 2);
}

struct Couplers {
  double t1 = 0, t2 = 1, a = 1, x = 0;
};

/// `bottom`: share of the light left at the through port's bottom; below 0 where it is not known.
Couplers couplers_of(double x, double bottom, RingLayout layout, double turn_amplitude) {
  if (bottom < 0) {
    const double t = std::sqrt(x / turn_amplitude);
    return {t, t, turn_amplitude, x};
  }
  // d = t1 - t2 a with t1 t2 a = x; the larger of the two factors solves u - x / u = d.
  const double d = std::sqrt(std::clamp(bottom, 0.0, 1.0)) * (1 - x),
               u = 0.5 * (d + std::sqrt(d * d + 4 * x));
  if (layout == RingLayout::add_drop) return {u, u, x / (u * u), x};
  return layout == RingLayout::all_pass_under ? Couplers{u, 1, x / u, x} : Couplers{x / u, 1, u, x};
}

/// Mean and its standard deviation.
void mean_of(const std::vector<double>& values, double own, double& mean, double& sigma) {
  const auto count = static_cast<double>(values.size());
  mean = 0;
  for (const double value : values) mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  sigma =
      std::max(own / std::sqrt(count), count > 1 ? std::sqrt(squares / (count - 1) / count) : 0.0);
}

}  // namespace

RingCouplings ring_couplings(const RingFit& fit, RingLayout layout, double fsr_nm,
                             double turn_amplitude) {
  std::vector<double> t1, t2, a;
  RingCouplings result;
  double own = 0;
  for (const Resonance& line : fit.resonances) {
    if (!fit.combs.empty() && line.comb != 0) continue;
    const double period = fit.combs.empty() ? fsr_nm : fit.combs[0].fsr_nm;
    require(period > 0, "ring: one line has no free spectral range: its couplers need one");
    const double x = feedback_of(line.width_nm, period), bottom = fit.dips ? 1 - line.depth : -1;
    const Couplers found = couplers_of(x, bottom, layout, turn_amplitude);
    const Couplers wider = couplers_of(feedback_of(line.width_nm + line.width_sigma, period),
                                       bottom, layout, turn_amplitude);
    own = std::max(own, std::abs(wider.t1 - found.t1));
    t1.push_back(found.t1);
    t2.push_back(found.t2);
    a.push_back(found.a);
    result.feedback += x;
  }
  require(!t1.empty(), "ring: no line to take couplers from");
  result.lines = static_cast<int>(t1.size());
  result.feedback /= result.lines;
  mean_of(t1, own, result.self_coupling_in, result.self_coupling_in_sigma);
  mean_of(t2, layout == RingLayout::add_drop ? own : 0, result.self_coupling_drop,
          result.self_coupling_drop_sigma);
  mean_of(a, fit.dips ? own : 0, result.turn_amplitude, result.turn_amplitude_sigma);
  if (result.turn_amplitude > 1) {
    result.problems.push_back(
        fmt::format("a turn would keep {:.4f} of the amplitude, more than all (couplers are not "
                    "equal, or the depth is "
                    "not that of a ring alone)",
                    result.turn_amplitude));
    result.turn_amplitude = 1;
  }
  return result;
}

}  // namespace lightloom::calibration
