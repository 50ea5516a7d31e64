#include "photonic/control/nulling.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "photonic/devices/angle.hpp"

namespace lightloom::photonic {
namespace {

constexpr double pi = std::numbers::pi, third = 2 * pi / 3, mixing = pi / 2;

/// The two phases of a device.
struct Phases {
  double theta = 0, phi = 0;
};

/// What both kinds of nulling share: the light to prepare, and where a dark guide can be probed.
class Plan {
 public:
  Plan(const Topology& topology, const MeshSettings& ideal)
      : topology_(topology), ideal_(ideal), transfers_(topology.cells.size()) {
    cell_transfers(topology, DeviceKind::mzi, ideal, {}, transfers_);
    outputs_.resize(topology.cells.size());
    const auto modes = static_cast<std::size_t>(topology.modes);
    std::vector<int> next(modes, -1);
    std::vector<std::vector<bool>> reached(modes, std::vector<bool>(modes));  // by light on a mode
    for (std::size_t m = 0; m < modes; ++m) reached[m][m] = true;
    for (std::size_t k = topology.cells.size(); k-- > 0;) {
      const Cell& cell = topology.cells[k];
      int& above = next[static_cast<std::size_t>(cell.top)];
      int& below = next[static_cast<std::size_t>(cell.bottom)];
      // The output that is the mesh's own, or meets its next device first: the light of the other
      // one cannot have come to that device before.
      const auto column = [&](int at) {
        return at < 0 ? -1 : topology.cells[static_cast<std::size_t>(at)].column;
      };
      const bool upper = column(above) <= column(below);
      outputs_[k] = {upper ? cell.top : cell.bottom, upper ? cell.bottom : cell.top,
                     upper ? above : below};
      above = below = static_cast<int>(k);
      follow(k, reached);
    }
  }

  /// Inputs whose light leaves device k of the ideal mesh at the other output than the dark one.
  [[nodiscard]] std::vector<Complex> light_for(std::size_t k) const {
    std::vector<Complex> fields(static_cast<std::size_t>(topology_.modes));
    fields[static_cast<std::size_t>(outputs_[k].bright)] = 1;
    return back_through(k + 1, std::move(fields));
  }
  /// Inputs that the whole ideal mesh turns into equal fields at all outputs.
  [[nodiscard]] std::vector<Complex> light_for_screen() const {
    std::vector<Complex> fields;
    for (const double phase : ideal_.screen)
      fields.push_back(std::polar(1 / std::sqrt(topology_.modes), -phase));
    return back_through(topology_.cells.size(), std::move(fields));
  }
  /// The next device that light from the dark output of k would meet, -1 if there is none.
  [[nodiscard]] int probe(std::size_t k) const { return outputs_[k].probe; }
  /// Its shifter theta tells whether light comes, which no other light meets.
  [[nodiscard]] double& shifter(std::size_t k, MeshSettings& settings) const {
    return settings.theta[static_cast<std::size_t>(probe(k))];
  }
  /// Outputs that light from the dark output of k reaches, when the light of the bright one reaches
  /// none of them; empty when the two meet again.
  [[nodiscard]] const std::vector<int>& apart(std::size_t k) const { return outputs_[k].apart; }
  [[nodiscard]] std::size_t dark_mode(std::size_t k) const {
    return static_cast<std::size_t>(outputs_[k].dark);
  }

 private:
  /// Fills `apart` of device k from what its two outputs reach, and makes that what its inputs
  /// reach.
  void follow(std::size_t k, std::vector<std::vector<bool>>& reached) {
    std::vector<bool>& dark = reached[static_cast<std::size_t>(outputs_[k].dark)];
    std::vector<bool>& bright = reached[static_cast<std::size_t>(outputs_[k].bright)];
    bool meet = false;
    for (std::size_t m = 0; m < dark.size(); ++m) {
      meet = meet || (dark[m] && bright[m]);
      if (dark[m]) outputs_[k].apart.push_back(static_cast<int>(m));
    }
    if (meet) outputs_[k].apart.clear();
    for (std::size_t m = 0; m < dark.size(); ++m) dark[m] = bright[m] = dark[m] || bright[m];
  }

  /// Fields behind the first `count` devices to those in front of the mesh, by T^dagger.
  [[nodiscard]] std::vector<Complex> back_through(std::size_t count,
                                                  std::vector<Complex> fields) const {
    while (count-- > 0) {
      const Transfer& t = transfers_[count];
      Complex& top = fields[static_cast<std::size_t>(topology_.cells[count].top)];
      Complex& bottom = fields[static_cast<std::size_t>(topology_.cells[count].bottom)];
      const Complex u = top, v = bottom;
      top = mul(std::conj(t.tt), u) + mul(std::conj(t.bt), v);
      bottom = mul(std::conj(t.tb), u) + mul(std::conj(t.bb), v);
    }
    return fields;
  }

  const Topology& topology_;
  const MeshSettings& ideal_;
  std::vector<Transfer> transfers_;
  struct Outputs {
    int dark = 0, bright = 0, probe = -1;
    std::vector<int> apart{};
  };
  std::vector<Outputs> outputs_;  // of every device
};

double distance_of_angles(double a, double b) { return std::abs(wrap_phase(a - b)); }

struct Null {
  Phases phases;
  bool dark = true;
};

/// The zero of A + B e^{i theta} + C e^{i phi} + D e^{i (theta + phi)} nearest to `near` in theta:
/// |A + B e^{i theta}| = |C + D e^{i theta}| fixes theta on one of two branches, phi follows. Where
/// no theta does that, the least difference of the moduli.
Null zero_of(const std::array<Complex, 4>& coefficients, double near) {
  const auto [a, b, c, d] = coefficients;
  const Complex turning = mul(b, std::conj(a)) - mul(d, std::conj(c));
  const double constant = std::norm(a) + std::norm(b) - std::norm(c) - std::norm(d);
  const double swing = 2 * std::abs(turning), rho = std::arg(turning);
  // constant + swing cos(theta + rho) = 0
  Null null{.phases = {}, .dark = std::abs(constant) <= swing * (1 + 1e-9)};
  const double angle = std::acos(swing > 0 ? std::clamp(-constant / swing, -1.0, 1.0) : 1.0);
  const double one = angle - rho, other = -angle - rho;
  null.phases.theta =
      wrap_phase(distance_of_angles(one, near) <= distance_of_angles(other, near) ? one : other);
  const Complex turn = std::polar(1.0, null.phases.theta);
  null.phases.phi = std::arg(-mul(a + mul(b, turn), std::conj(c + mul(d, turn))));
  return null;
}

/// Nulling with field readings.
class FieldNulling {
 public:
  FieldNulling(const FieldReader& chip, const Plan& plan, NullingResult& result)
      : chip_(chip), plan_(plan), result_(result) {}

  Null device(std::size_t k, double near) {
    // Sums over the signs of e^{i theta} and e^{i phi} pick the four coefficients out.
    std::array<std::vector<Complex>, 4> readings;
    const std::vector<Complex> light = plan_.light_for(k);
    for (unsigned setting = 0; setting < 4; ++setting) {
      result_.settings.theta[k] = (setting & 1) != 0 ? pi : 0;
      result_.settings.phi[k] = (setting & 2) != 0 ? pi : 0;
      readings[setting] = response(k, light);
    }
    const auto size = [](const std::vector<Complex>& v) {
      double sum = 0;
      for (const Complex x : v) sum += std::norm(x);
      return sum;
    };
    const auto& pattern =
        *std::max_element(readings.begin(), readings.end(),
                          [&](const auto& x, const auto& y) { return size(x) < size(y); });
    std::array<Complex, 4> coefficients{};
    for (unsigned setting = 0; setting < 4; ++setting) {
      Complex amplitude = 0;  // of the guide, to a factor that does not change
      for (std::size_t i = 0; i < pattern.size(); ++i)
        amplitude += mul(std::conj(pattern[i]), readings[setting][i]);
      for (unsigned term = 0; term < 4; ++term)
        coefficients[term] += __builtin_popcount(setting & term) % 2 == 0 ? amplitude : -amplitude;
    }
    return zero_of(coefficients, near);
  }

 private:
  /// What the outputs have of the light on the dark output of device k.
  std::vector<Complex> response(std::size_t k, std::span<const Complex> light) {
    if (plan_.probe(k) < 0) return {read(light)[plan_.dark_mode(k)]};
    double& phase = plan_.shifter(k, result_.settings);
    phase = 0;
    std::vector<Complex> difference = read(light);
    phase = pi;
    const std::vector<Complex> turned = read(light);
    for (std::size_t i = 0; i < turned.size(); ++i) difference[i] -= turned[i];
    return difference;
  }
  std::vector<Complex> read(std::span<const Complex> light) {
    ++result_.readings;
    return chip_(result_.settings, light);
  }

  const FieldReader& chip_;
  const Plan& plan_;
  NullingResult& result_;
};

/// A real trigonometric polynomial sum_ab c_ab e^{i (a theta + b phi)}, |a|, |b| <= 2.
class Ripple {
 public:
  static constexpr int degree = 2, width = 2 * degree + 1;
  Complex& at(int a, int b) {
    return coefficients_[static_cast<std::size_t>((a + degree) * width + b + degree)];
  }

  struct Local {
    double value = 0, by_theta = 0, by_phi = 0, theta_theta = 0, theta_phi = 0, phi_phi = 0;
  };
  [[nodiscard]] Local local(const Phases& p) const {
    Local l;
    for (int a = -degree; a <= degree; ++a) {
      for (int b = -degree; b <= degree; ++b) {
        const Complex c =
            coefficients_[static_cast<std::size_t>((a + degree) * width + b + degree)];
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
  [[nodiscard]] double mean() const {
    return coefficients_[static_cast<std::size_t>(degree * width + degree)].real();
  }

 private:
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
  const auto point = [](int i) { return 2 * pi * i / grid; };
  for (int i = 0; i < grid; ++i)
    for (int j = 0; j < grid; ++j) values[i][j] = ripple.local({point(i), point(j)}).value;
  const auto is_low = [&](int i, int j) {
    for (int di = -1; di <= 1; ++di)
      for (int dj = -1; dj <= 1; ++dj)
        if (values[(i + di + grid) % grid][(j + dj + grid) % grid] < values[i][j]) return false;
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
      const bool nearer = distance_of_angles(found.theta, near) + 0.01 <
                          distance_of_angles(best.phases.theta, near);
      if (value > depth + equal || (value > depth - equal && !nearer)) continue;
      best.phases = {wrap_phase(found.theta), wrap_phase(found.phi)};
      depth = std::min(depth, value);
    }
  }
  best.dark = depth < equal;
  return best;
}

/// Nulling with power readings.
class PowerNulling {
 public:
  PowerNulling(const PowerReader& chip, const Plan& plan, NullingResult& result)
      : chip_(chip), plan_(plan), result_(result) {}

  Null device(std::size_t k, double near) {
    const std::vector<Complex> light = plan_.light_for(k);
    std::array<std::vector<Complex>, 9> samples;
    for (std::size_t s = 0; s < samples.size(); ++s) {
      result_.settings.theta[k] = third * static_cast<double>(s / 3);
      result_.settings.phi[k] = third * static_cast<double>(s % 3);
      samples[s] = response(k, light);
    }
    Ripple ripple;
    for (std::size_t i = 0; i < samples[0].size(); ++i)
      add_output(samples, i, !plan_.apart(k).empty(), ripple);
    return lowest(ripple, near);
  }

 private:
  /// Adds what output i says: its power where that is the guide's own, else the squared modulus of
  /// its response, polynomials of degree 1 and 2 in e^{+-i theta}, e^{+-i phi}.
  static void add_output(const std::array<std::vector<Complex>, 9>& samples, std::size_t i,
                         bool direct, Ripple& ripple) {
    std::array<Complex, 9> f{};  // (a + 1, b + 1)
    for (int a = -1; a <= 1; ++a)
      for (int b = -1; b <= 1; ++b)
        for (int s = 0; s < 9; ++s)
          f[static_cast<std::size_t>(3 * (a + 1) + b + 1)] +=
              mul(samples[static_cast<std::size_t>(s)][i],
                  std::polar(1.0 / 9, -third * (a * (s / 3) + b * (s % 3))));
    for (int x = 0; x < 9; ++x) {
      const int a = x / 3 - 1, b = x % 3 - 1;
      if (direct) {
        ripple.at(a, b) += f[static_cast<std::size_t>(x)];
        continue;
      }
      for (int y = 0; y < 9; ++y)
        ripple.at(a - (y / 3 - 1), b - (y % 3 - 1)) +=
            mul(f[static_cast<std::size_t>(x)], std::conj(f[static_cast<std::size_t>(y)]));
    }
  }

  /// The part of every output power that follows e^{i theta} of the probing device. Without the
  /// bright light to interfere with, that would be as small as the dark power itself, and its
  /// squared modulus so flat that the null is lost in round-off: there, the powers themselves.
  std::vector<Complex> response(std::size_t k, std::span<const Complex> light) {
    if (!plan_.apart(k).empty()) {
      const std::vector<double> powers = read(light);
      std::vector<Complex> dark;
      for (const int m : plan_.apart(k)) dark.emplace_back(powers[static_cast<std::size_t>(m)]);
      return dark;
    }
    double& phase = plan_.shifter(k, result_.settings);
    std::vector<Complex> part(light.size());
    for (int step = 0; step < 3; ++step) {
      phase = step * third;
      const std::vector<double> powers = read(light);
      for (std::size_t i = 0; i < part.size(); ++i)
        part[i] += powers[i] * std::polar(1.0 / 3, -phase);
    }
    return part;
  }
  std::vector<double> read(std::span<const Complex> light) {
    ++result_.readings;
    return chip_(result_.settings, light);
  }

  const PowerReader& chip_;
  const Plan& plan_;
  NullingResult& result_;
};

template <class Method>
void null_all(Method& method, const Plan& plan, const MeshSettings& ideal, NullingResult& result) {
  result.settings.screen = ideal.screen;
  // Devices not yet set mix: crossed ones would lead the dark and the bright light to different
  // outputs, where powers show no interference between them.
  std::fill(result.settings.theta.begin(), result.settings.theta.end(), mixing);
  for (std::size_t k = 0; k < ideal.theta.size(); ++k) {
    const Null null = method.device(k, ideal.theta[k]);
    if (plan.probe(k) >= 0) result.settings.theta[static_cast<std::size_t>(plan.probe(k))] = mixing;
    result.settings.theta[k] = null.phases.theta;
    result.settings.phi[k] = null.phases.phi;
    result.unreachable += null.dark ? 0 : 1;
  }
}

}  // namespace

NullingResult null_fields(const FieldReader& chip, const Topology& topology,
                          const MeshSettings& ideal) {
  NullingResult result{.settings = zero_settings(topology)};
  const Plan plan(topology, ideal);
  FieldNulling method(chip, plan, result);
  null_all(method, plan, ideal, result);
  const std::vector<Complex> outputs = chip(result.settings, plan.light_for_screen());
  ++result.readings;
  for (std::size_t m = 0; m < outputs.size(); ++m)
    result.settings.screen[m] = wrap_phase(result.settings.screen[m] - std::arg(outputs[m]));
  return result;
}

NullingResult null_powers(const PowerReader& chip, const Topology& topology,
                          const MeshSettings& ideal) {
  NullingResult result{.settings = zero_settings(topology)};
  const Plan plan(topology, ideal);
  PowerNulling method(chip, plan, result);
  null_all(method, plan, ideal, result);
  return result;
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
