#include "calibration/elements/fringe_study.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "calibration/elements/fringe_causes.hpp"
#include "calibration/elements/spoiled.hpp"
#include "calibration/elements/student.hpp"
#include "core/error.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

void check_sweep(const FringeSweepData& data, std::size_t needed) {
  require(data.volts.size() == data.readings.size(), "fringe: {} voltages but {} readings",
          data.volts.size(), data.readings.size());
  require(data.volts.size() >= needed, "fringe: {} readings (this law needs {})", data.volts.size(),
          needed);
  for (std::size_t i = 0; i < data.volts.size(); ++i)
    require(std::isfinite(data.volts[i]) && std::isfinite(data.readings[i]),
            "fringe: a reading is not a number");
}

FringeSweepData without(const FringeSweepData& data, const std::vector<char>& out) {
  FringeSweepData kept;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != 0) continue;
    kept.volts.push_back(data.volts[i]);
    kept.readings.push_back(data.readings[i]);
  }
  return kept;
}

double middle_size(std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Fits and leaves out readings that stand alone, worst first, until none does.
FringeSolution robust_fit(FringeLaw law, const GammaRange& range, FringeSweepData& data,
                          std::vector<char>& out) {
  FringeSolution fit = best_fringe(law, range, data);
  const std::size_t allowed = std::max<std::size_t>(1, out.size() * 3 / 100);
  for (std::size_t n = 0; n < allowed && data.volts.size() > 2 * fit.model.size() + 2; ++n) {
    const std::vector<double> r = residuals_of(fit, data);
    const auto worst = static_cast<std::size_t>(
        std::max_element(r.begin(), r.end(),
                         [](double a, double b) { return std::abs(a) < std::abs(b); }) -
        r.begin());
    FringeSweepData fewer = data;
    fewer.volts.erase(fewer.volts.begin() + static_cast<std::ptrdiff_t>(worst));
    fewer.readings.erase(fewer.readings.begin() + static_cast<std::ptrdiff_t>(worst));
    FringeSolution again = best_fringe(law, range, fewer);
    const std::vector<double> left = residuals_of(again, fewer);
    const FringeSweepData alone{{data.volts[worst]}, {data.readings[worst]}};
    const double off = std::abs(residuals_of(again, alone).front());
    // 8 standard deviations by the median, and by what the rest leaves.
    const double rms = std::sqrt(again.squares / static_cast<double>(left.size()));
    if (!(off > 8 * middle_size(left) / 0.6745) || !(off > 6 * rms) || !(off > 1e-9 * again.x[1]))
      break;
    for (std::size_t i = 0, k = 0; i < out.size(); ++i) {
      if (out[i] != 0) continue;
      if (k++ == worst) out[i] = 1;
    }
    data = std::move(fewer);
    fit = std::move(again);
  }
  return fit;
}

/// Over voltage or in the order of measurement, whichever is stronger: a hysteresis alternates over
/// voltage where a sweep goes up and down.
Following stronger(const std::vector<double>& residuals, const std::vector<double>& volts) {
  std::vector<double> order(residuals.size());
  std::iota(order.begin(), order.end(), 0.0);
  const Following by_volts = following_of(residuals, volts),
                  in_order = following_of(residuals, order);
  return in_order.deviations > by_volts.deviations ? in_order : by_volts;
}

/// gamma, phi_0 and V_pi with their intervals.
void measure(const FringeSolution& s, const FringeSweepData& data, double sigma_given,
             FringeStudy& study) {
  const auto rows = static_cast<double>(data.volts.size());
  const int freedom = static_cast<int>(data.volts.size()) - static_cast<int>(s.model.size());
  const Following following = stronger(residuals_of(s, data), data.volts);
  const double rho = std::clamp(following.correlation - 2 / std::sqrt(rows), 0.0, 0.95);
  const double grown = (1 + rho) / (1 - rho);
  const double sigma =
      (sigma_given > 0 ? sigma_given : std::sqrt(s.squares / std::max(1, freedom))) *
      std::sqrt(grown);
  const double reach = sigma_given > 0 ? student_95(1000) : student_95(freedom);
  const std::vector<double> covariance = covariance_of(s, data);
  const std::size_t n = s.model.size();
  FringeFit& fit = study.fit;
  const auto deviation = [&](std::size_t k) {
    return sigma * std::sqrt(std::max(0.0, covariance[k * n + k]));
  };
  fit.gamma = s.coefficient(2);
  fit.gamma2 = s.coefficient(4);
  fit.mean = s.x[0];
  fit.amplitude = s.x[1];
  fit.phase_rad = photonic::wrap_phase(s.x[2]);
  fit.phase_sigma = deviation(2);
  for (std::size_t k = 0; k < s.model.powers.size(); ++k) {
    if (s.model.powers[k] == 2) fit.gamma_sigma = deviation(2 + k);
    if (s.model.powers[k] == 4) fit.gamma2_sigma = deviation(2 + k);
  }
  fit.rms = std::sqrt(s.squares / rows);
  fit.visibility = fit.mean != 0 ? fit.amplitude / fit.mean : 0;
  fit.noise_to_amplitude = fit.amplitude > 0 ? fit.rms / fit.amplitude : 1;
  study.gamma = {fit.gamma - reach * fit.gamma_sigma, fit.gamma + reach * fit.gamma_sigma};
  study.phase_rad = {fit.phase_rad - reach * fit.phase_sigma,
                     fit.phase_rad + reach * fit.phase_sigma};
  double greatest = 0;
  for (const double v : data.volts) greatest = std::max(greatest, std::abs(v));
  study.pi_V = pi_voltage(s, greatest);
  if (!std::isfinite(study.pi_V)) return;
  double slope = 0, variance = 0;
  std::vector<double> by(n, 0.0);
  for (std::size_t k = 0; k < s.model.powers.size(); ++k) {
    const int power = s.model.powers[k];
    if (power == 0) continue;
    by[2 + k] = std::pow(study.pi_V, power);
    slope += power * s.x[2 + k] * std::pow(study.pi_V, power - 1);
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) variance += by[i] * covariance[i * n + k] * by[k];
  const double off =
      reach * sigma * std::sqrt(std::max(0.0, variance)) / std::max(std::abs(slope), 1e-300);
  study.pi_V_interval = {study.pi_V - off, study.pi_V + off};
}

/// The quadratic law's intervals by profile: exact where a part of a fringe leaves gamma and the
/// rest entangled. Names other values that fit as well.
void profile(const FringeSolution& s, const GammaRange& range, const FringeSweepData& data,
             FringeStudy& study) {
  const int freedom = static_cast<int>(data.volts.size()) - static_cast<int>(s.model.size());
  const double t = student_95(freedom), limit = s.squares * (1 + t * t / std::max(1, freedom));
  const std::vector<GammaRange> found = gammas_within(range, limit, data);
  std::vector<std::string> others;
  for (const GammaRange& one : found) {
    if (study.fit.gamma >= 0.999 * one.low && study.fit.gamma <= 1.001 * one.high) {
      study.gamma = {std::min(study.gamma.low, one.low), std::max(study.gamma.high, one.high)};
      study.pi_V_interval = {std::sqrt(pi / study.gamma.high),
                             study.gamma.low > 0 ? std::sqrt(pi / study.gamma.low) : INFINITY};
    } else if (others.size() < 4) {
      others.push_back(fmt::format("{:.4g} to {:.4g}", one.low, one.high));
    }
  }
  if (!others.empty())
    study.fit.problems.push_back(fmt::format(
        "ambiguous: gamma of {} rad/V^2 fits as well (--pi-voltage tells where to look)",
        fmt::join(others, " and of ")));
}

void name_sampling(const SquareSampling& sampling, FringeStudy& study) {
  FringeFit& fit = study.fit;
  const double widest = fit.gamma * sampling.widest, span = fit.gamma * sampling.span;
  if (widest > pi)
    fit.problems.push_back(fmt::format(
        "aliased: neighbouring readings are {:.1f} rad apart (a fringe needs less than pi)",
        widest));
  else if (widest > pi / 2)
    fit.problems.push_back(fmt::format(
        "under-sampled: neighbouring readings are {:.1f} rad apart (pi/2 is safe)", widest));
  if (span < 1.5 * pi)
    fit.problems.push_back(fmt::format(
        "the sweep spans {:.1f} rad (1.5 pi tell gamma from the offset; gamma within {:.1f} %)",
        span, 100 * 0.5 * (study.gamma.high - study.gamma.low) / fit.gamma));
  if (fit.noise_to_amplitude > 0.3)
    fit.problems.push_back(
        fmt::format("no fringe: residuals are {:.2f} of its amplitude", fit.noise_to_amplitude));
}

void name_residuals(const FringeSolution& s, const FringeSweepData& data, const FringeCause& cause,
                    FringeStudy& study) {
  if (!cause.text.empty()) study.fit.problems.push_back(cause.text);
  const Following following = following_of(residuals_of(s, data), data.volts);
  if (cause.text.empty() && following.deviations > 5 && study.fit.noise_to_amplitude > 1e-6)
    study.fit.problems.push_back(fmt::format(
        "the residuals follow one another over voltage (correlation {:.2f}, RMS {:.2g} of the "
        "amplitude): "
        "the noise does not explain them (a wrong law, a second fringe, or light that changes; the "
        "intervals allow for it)",
        following.correlation, study.fit.noise_to_amplitude));
  const Following in_order = stronger(residuals_of(s, data), data.volts);
  if (cause.text.empty() && following.deviations <= 5 && in_order.deviations > 5 &&
      study.fit.noise_to_amplitude > 1e-6)
    study.fit.problems.push_back(fmt::format(
        "the residuals follow one another in the order of measurement (correlation {:.2f}, RMS "
        "{:.2g} of the amplitude): the way up and the way down differ (hysteresis, a heater that "
        "has not settled, or light that changes; the intervals allow for it)",
        in_order.correlation, study.fit.noise_to_amplitude));
  const double least = *std::min_element(data.readings.begin(), data.readings.end());
  if (least < -5 * study.fit.rms - 1e-9 * study.fit.amplitude)
    study.fit.problems.push_back(fmt::format(
        "readings down to {:.4g}: a dark level subtracted twice, or signed (lock-in) readings (the "
        "visibility {:.3g} means nothing)",
        least, study.fit.visibility));
}

}  // namespace

FringeStudy study_fringe(const FringeSweepData& data, const FringeOptions& options) {
  const std::size_t parameters = powers_of(options.law).size() + 2;
  check_sweep(data, parameters + 1);
  SpoiledReadings spoiled = find_spoiled(data.readings);
  std::vector<char> out = spoiled.spoiled;
  FringeSweepData kept = without(data, out);
  check_sweep(kept, parameters + 1);
  const SquareSampling sampling = sampling_of(kept);
  GammaRange range = range_of(sampling);
  if (options.gamma_low > 0)
    range = {options.gamma_low, std::max(options.gamma_high, 1.01 * options.gamma_low)};
  FringeSolution solution = robust_fit(options.law, range, kept, out);
  FringeStudy study;
  study.fit.problems = spoiled.problems;
  FringeCause cause = likely_cause(solution, options.law, range, kept);
  const FringeSolution& shown = cause.text.empty() || cause.changes_law ? solution : cause.better;
  measure(shown, kept, options.sigma, study);
  if (options.law == FringeLaw::cubic)
    study.fit.cubic.assign(shown.x.begin() + 2, shown.x.begin() + 6);
  if (options.law == FringeLaw::quadratic && shown.model.fault == FringeFault::none &&
      !(options.sigma > 0))
    profile(shown, range, kept, study);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (out[i] != 0 && spoiled.spoiled[i] == 0) study.left_out.push_back(i);
  name_sampling(sampling, study);
  name_residuals(shown, kept, cause, study);
  if (options.gamma_low > 0 &&
      (study.fit.gamma < 1.002 * range.low || study.fit.gamma > 0.998 * range.high))
    study.fit.problems.push_back(fmt::format(
        "V_pi {:.4g} V is at an end of the range that was searched ({:.4g} to {:.4g} V)",
        std::sqrt(pi / study.fit.gamma), std::sqrt(pi / range.high), std::sqrt(pi / range.low)));
  return study;
}

}  // namespace lightloom::calibration
