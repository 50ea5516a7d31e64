#include "calibration/elements/fringe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/fringe_model.hpp"
#include "calibration/elements/fringe_start.hpp"
#include "calibration/elements/harmonic.hpp"
#include "calibration/solvers/dense.hpp"
#include "calibration/solvers/least_squares.hpp"
#include "core/error.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

std::vector<double> squares_of(std::span<const double> volts) {
  std::vector<double> squares;
  for (const double v : volts) squares.push_back(v * v);
  return squares;
}

/// Largest gap and whole span of sorted V^2.
struct Sampling {
  double gap = 0, span = 0;
};
Sampling sampling_of(std::vector<double> squares) {
  std::sort(squares.begin(), squares.end());
  Sampling s{.span = squares.back() - squares.front()};
  for (std::size_t i = 1; i < squares.size(); ++i)
    s.gap = std::max(s.gap, squares[i] - squares[i - 1]);
  return s;
}

Harmonic at_gamma(double gamma, std::span<const double> squares, std::span<const double> readings,
                  std::vector<double>& angles) {
  angles.resize(squares.size());
  for (std::size_t i = 0; i < squares.size(); ++i) angles[i] = gamma * squares[i];
  return fit_harmonic(angles, readings);
}

/// Steps of gamma small enough that the phase at the end of the sweep moves by a quarter radian.
double best_gamma(const GammaRange& range, double span, std::span<const double> squares,
                  std::span<const double> readings) {
  const auto [low, high] = range;
  const int steps = std::max(8, static_cast<int>((high - low) * span / 0.25));
  std::vector<double> angles;
  double best = low, least = INFINITY;
  for (int i = 0; i <= steps; ++i) {
    const double gamma = low + (high - low) * i / steps;
    const double cost = at_gamma(gamma, squares, readings, angles).squares;
    if (cost < least) {
      least = cost;
      best = gamma;
    }
  }
  return best;
}

/// y - (mean + amplitude cos(sum c_k V^k)) over x = (mean, amplitude, c...).
ResidualFunction fringe_residuals(std::span<const double> volts, std::span<const double> readings,
                                  const std::vector<int>& powers) {
  return [=](std::span<const double> x, std::span<double> r, std::span<double> jacobian) {
    const std::size_t columns = powers.size() + 2;
    for (std::size_t i = 0; i < volts.size(); ++i) {
      double phase = 0;
      for (std::size_t k = 0; k < powers.size(); ++k)
        phase += x[k + 2] * std::pow(volts[i], powers[k]);
      r[i] = x[0] + x[1] * std::cos(phase) - readings[i];
      if (jacobian.empty()) continue;
      jacobian[i * columns] = 1;
      jacobian[i * columns + 1] = std::cos(phase);
      for (std::size_t k = 0; k < powers.size(); ++k)
        jacobian[i * columns + k + 2] = -x[1] * std::sin(phase) * std::pow(volts[i], powers[k]);
    }
    return true;
  };
}

/// Standard deviations of a small least-squares fit at x.
std::vector<double> standard_deviations(const ResidualFunction& residuals, int rows,
                                        const std::vector<double>& x, double sigma) {
  std::vector<double> r(static_cast<std::size_t>(rows)), values(r.size() * x.size());
  residuals(x, r, values);
  std::vector<double> deviations = inverse_gram_diagonal(values, r.size(), x.size());
  for (double& d : deviations) d = sigma * std::sqrt(std::max(0.0, d));
  return deviations;
}

void name_problems(const Sampling& sampling, double gamma, FringeFit& fit) {
  if (gamma * sampling.gap > pi)
    fit.problems.push_back(fmt::format(
        "aliased: neighbouring readings are {:.1f} rad apart (a fringe needs less than pi)",
        gamma * sampling.gap));
  else if (gamma * sampling.gap > pi / 2)
    fit.problems.push_back(
        fmt::format("under-sampled: neighbouring readings are {:.1f} rad apart (pi/2 is safe)",
                    gamma * sampling.gap));
  if (gamma * sampling.span < 1.5 * pi)
    fit.problems.push_back(fmt::format(
        "the sweep spans {:.1f} rad (1.5 pi tell gamma from the offset)", gamma * sampling.span));
  if (fit.noise_to_amplitude > 0.3)
    fit.problems.push_back(
        fmt::format("no fringe: residuals are {:.2f} of its amplitude", fit.noise_to_amplitude));
}

}  // namespace

FringeFit fit_fringe(std::span<const double> volts, std::span<const double> readings,
                     const FringeOptions& options) {
  require(volts.size() == readings.size(), "fringe: {} voltages but {} readings", volts.size(),
          readings.size());
  const std::vector<int> powers = powers_of(options.law);
  require(volts.size() > powers.size() + 2, "fringe: {} readings (this law needs {})", volts.size(),
          powers.size() + 3);
  for (const double y : readings) require(std::isfinite(y), "fringe: a reading is not a number");
  const std::vector<double> squares = squares_of(volts);
  const Sampling sampling = sampling_of(squares);
  require(sampling.span > 0, "fringe: the voltage is the same everywhere");
  const double low = options.gamma_low > 0 ? options.gamma_low : 1.2 * pi / sampling.span;
  const double high =
      options.gamma_high > 0 ? options.gamma_high : std::max(1.01 * low, pi / sampling.gap);
  const double gamma = best_gamma({low, high}, sampling.span, squares, readings);
  std::vector<double> angles;
  const Harmonic start = at_gamma(gamma, squares, readings, angles);

  std::vector<double> x(powers.size() + 2);
  x[0] = start.mean;
  x[1] = start.amplitude();
  x[2] = start.phase_rad();
  const auto square =
      static_cast<std::size_t>(std::find(powers.begin(), powers.end(), 2) - powers.begin());
  x[square + 2] = gamma;
  const ResidualFunction function = fringe_residuals(volts, readings, powers);
  const int rows = static_cast<int>(volts.size());
  const LeastSquaresSummary summary = minimise(function, rows, x, {.max_iterations = 100});
  if (x[1] < 0) {
    x[1] = -x[1];
    x[2] += pi;
  }
  FringeFit fit{.gamma = x[square + 2], .mean = x[0], .amplitude = x[1]};
  fit.phase_rad = photonic::wrap_phase(x[2]);
  fit.rms = std::sqrt(2 * summary.final_cost / static_cast<double>(rows));
  const double freedom = rows - static_cast<int>(x.size());
  const double sigma = options.sigma > 0
                           ? options.sigma
                           : std::sqrt(2 * summary.final_cost / std::max(1.0, freedom));
  const std::vector<double> deviations = standard_deviations(function, rows, x, sigma);
  fit.phase_sigma = deviations[2];
  fit.gamma_sigma = deviations[square + 2];
  if (options.law == FringeLaw::self_heating) {
    fit.gamma2 = x[4];
    fit.gamma2_sigma = deviations[4];
  }
  if (options.law == FringeLaw::cubic) fit.cubic.assign(x.begin() + 2, x.end());
  fit.visibility = fit.mean != 0 ? fit.amplitude / fit.mean : 0;
  fit.noise_to_amplitude = fit.amplitude > 0 ? fit.rms / fit.amplitude : 1;
  name_problems(sampling, gamma, fit);
  return fit;
}

}  // namespace lightloom::calibration
