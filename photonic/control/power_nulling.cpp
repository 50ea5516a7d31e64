#include "photonic/control/power_nulling.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "photonic/control/nulling_bench.hpp"
#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

constexpr double pi = std::numbers::pi, third = 2 * pi / 3;

/// The two phases of a device.
struct Phases {
  double theta = 0, phi = 0;
};

/// A real trigonometric polynomial sum_ab c_ab e^{i (a theta + b phi)}, |a|, |b| <= 2.
class Ripple {
 public:
  static constexpr int degree = 2, width = 2 * degree + 1;
  Complex& at(int a, int b) { return coefficients_[place(a, b)]; }

  struct Local {
    double value = 0, by_theta = 0, by_phi = 0, theta_theta = 0, theta_phi = 0, phi_phi = 0;
  };
  [[nodiscard]] Local local(const Phases& p) const {
    Local l;
    for (int a = -degree; a <= degree; ++a) {
      for (int b = -degree; b <= degree; ++b) {
        const Complex c = coefficients_[place(a, b)];
        const Complex term = mul(c, std::polar(1.0, a * p.theta + b * p.phi));
        l.value += term.real();
        l.by_theta -= a * term.imag();
        l.by_phi -= b * term.imag();
        l.theta_theta -= a * a * term.real();
        l.theta_phi -= a * b * term.real();
        l.phi_phi -= b * b * term.real();
      }
    }
    return l;
  }
  /// Coefficient 0, 0: the mean.
  [[nodiscard]] double mean() const { return coefficients_[place(0, 0)].real(); }

 private:
  static std::size_t place(int a, int b) {
    return static_cast<std::size_t>(a + degree) * width + static_cast<std::size_t>(b + degree);
  }

  std::array<Complex, static_cast<std::size_t>(width) * width> coefficients_{};
};

/// Newton's method with Levenberg's damping from one start.
Phases descend(const Ripple& ripple, Phases at) {
  double damping = 1e-3 * ripple.mean();
  Ripple::Local here = ripple.local(at);
  for (int round = 0; round < 100; ++round) {
    const double tt = here.theta_theta + damping, pp = here.phi_phi + damping;
    const double determinant = tt * pp - here.theta_phi * here.theta_phi;
    if (tt > 0 && determinant > 0) {
      const Phases step{(here.theta_phi * here.by_phi - pp * here.by_theta) / determinant,
                        (here.theta_phi * here.by_theta - tt * here.by_phi) / determinant};
      const Phases there{at.theta + step.theta, at.phi + step.phi};
      const Ripple::Local next = ripple.local(there);
      // Near the bottom values are all round-off: there the slope decides.
      const auto slope = [](const Ripple::Local& l) { return std::hypot(l.by_theta, l.by_phi); };
      if (next.value < here.value || slope(next) < slope(here)) {
        at = there;
        here = next;
        damping *= 0.1;
        if (std::hypot(step.theta, step.phi) < 1e-15) break;
        continue;
      }
    }
    damping = std::max(4 * damping, 1e-18 * ripple.mean());
    if (damping > 1e6 * ripple.mean()) break;
  }
  return at;
}

/// The lowest point of a ripple; of several that are equally low, the nearest to `near` in theta.
Null lowest(const Ripple& ripple, double near) {
  constexpr int grid = 24;
  std::array<std::array<double, grid>, grid> values{};
  const auto at_point = [&](int i, int j) -> double& {  // periodic
    return values[static_cast<std::size_t>((i + grid) % grid)]
                 [static_cast<std::size_t>((j + grid) % grid)];
  };
  const auto point = [](int i) { return 2 * pi * i / grid; };
  for (int i = 0; i < grid; ++i)
    for (int j = 0; j < grid; ++j) at_point(i, j) = ripple.local({point(i), point(j)}).value;
  const auto is_low = [&](int i, int j) {
    for (int di = -1; di <= 1; ++di)
      for (int dj = -1; dj <= 1; ++dj)
        if (at_point(i + di, j + dj) < at_point(i, j)) return false;
    return true;
  };
  Null best;
  double depth = std::numeric_limits<double>::infinity();
  const double equal = 1e-9 * ripple.mean();
  for (int i = 0; i < grid; ++i) {
    for (int j = 0; j < grid; ++j) {
      if (!is_low(i, j)) continue;
      const Phases found = descend(ripple, {point(i), point(j)});
      const double value = ripple.local(found).value;
      // Another start in the same valley says nothing new; a deeper place or one equally deep and
      // clearly nearer does.
      const bool nearer = angle_between(found.theta, near) + 0.01 < angle_between(best.theta, near);
      if (value > depth + equal || (value > depth - equal && !nearer)) continue;
      best.theta = wrap_phase(found.theta);
      best.phi = wrap_phase(found.phi);
      depth = std::min(depth, value);
    }
  }
  best.dark = depth < equal;
  return best;
}

using PowerBench = NullingBench<PowerReader>;

/// The part of every output power that follows e^{i theta} of the probing device. Without the
/// bright light to interfere with, that would be as small as the dark power itself, and its
/// squared modulus so flat that the null is lost in round-off: there, the powers themselves.
std::vector<Complex> response(PowerBench& bench, std::size_t k, std::span<const Complex> light) {
  if (!bench.plan.apart(k).empty()) {
    const std::vector<double> powers = bench.read(light);
    std::vector<Complex> dark;
    for (const int m : bench.plan.apart(k)) dark.emplace_back(powers[static_cast<std::size_t>(m)]);
    return dark;
  }
  double& phase = bench.plan.shifter(k, bench.result.settings);
  std::vector<Complex> part(light.size());
  for (int step = 0; step < 3; ++step) {
    phase = step * third;
    const std::vector<double> powers = bench.read(light);
    for (std::size_t i = 0; i < part.size(); ++i)
      part[i] += powers[i] * std::polar(1.0 / 3, -phase);
  }
  return part;
}

using Samples = std::array<std::vector<Complex>, 9>;  // responses by (theta, phi), thirds of a turn

/// Fourier coefficients (a + 1, b + 1) of output i in e^{i (a theta + b phi)}.
std::array<Complex, 9> coefficients_of(const Samples& samples, std::size_t i) {
  std::array<Complex, 9> f{};
  for (int a = -1; a <= 1; ++a)
    for (int b = -1; b <= 1; ++b)
      for (int s = 0; s < 9; ++s) {
        const int turns = a * (s / 3) + b * (s % 3);
        f[3 * static_cast<std::size_t>(a + 1) + static_cast<std::size_t>(b + 1)] +=
            mul(samples[static_cast<std::size_t>(s)][i], std::polar(1.0 / 9, -third * turns));
      }
  return f;
}

/// Adds a power that is the guide's own.
void add_power(const std::array<Complex, 9>& f, Ripple& ripple) {
  for (int x = 0; x < 9; ++x) ripple.at(x / 3 - 1, x % 3 - 1) += f[static_cast<std::size_t>(x)];
}

/// Adds the squared modulus of a response.
void add_squared(const std::array<Complex, 9>& f, Ripple& ripple) {
  for (int x = 0; x < 9; ++x)
    for (int y = 0; y < 9; ++y)
      ripple.at(x / 3 - y / 3, x % 3 - y % 3) +=
          mul(f[static_cast<std::size_t>(x)], std::conj(f[static_cast<std::size_t>(y)]));
}

Null null_by_powers(PowerBench& bench, std::size_t k, double near) {
  const std::vector<Complex> light = bench.plan.light_for(k);
  Samples samples;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    const std::size_t row = s / 3, column = s % 3;
    bench.result.settings.theta[k] = third * static_cast<double>(row);
    bench.result.settings.phi[k] = third * static_cast<double>(column);
    samples[s] = response(bench, k, light);
  }
  const auto add = bench.plan.apart(k).empty() ? add_squared : add_power;
  Ripple ripple;
  for (std::size_t i = 0; i < samples[0].size(); ++i) add(coefficients_of(samples, i), ripple);
  return lowest(ripple, near);
}

}  // namespace

NullingResult null_powers(const PowerReader& chip, const Topology& topology,
                          const MeshSettings& ideal) {
  return nulled(chip, topology, ideal, null_by_powers).result;
}

double error_up_to_output_phases(const SquareMatrix& matrix, const SquareMatrix& target) {
  assert(matrix.size == target.size);
  double squares = 0;
  for (int r = 0; r < matrix.size; ++r) {
    Complex overlap = 0;
    for (int c = 0; c < matrix.size; ++c) overlap += mul(std::conj(matrix(r, c)), target(r, c));
    const Complex turn = direction(overlap);  // makes |turn row - target row| least
    for (int c = 0; c < matrix.size; ++c)
      squares += std::norm(mul(turn, matrix(r, c)) - target(r, c));
  }
  return std::sqrt(squares / matrix.size);
}

}  // namespace lightloom::photonic
