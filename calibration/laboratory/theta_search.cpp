#include "calibration/laboratory/theta_search.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "calibration/model/light_paths.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Complex;

using std::numbers::pi;
constexpr int scan_points = 5;   // of x: the fewest that keep e^{2ix} apart from e^{ix} and 1
constexpr double contrast = 30;  // of the two quadratures of theta, that is enough

/// Inner products of the quadratures p (cosine) and q (sine) of the readings over theta's heat, and
/// with their mean.
struct Quadratures {
  double pp = 0, pq = 0, qq = 0, mp = 0, mq = 0;
};

/// The leading direction of (p, q) and how much it outweighs the other.
struct Axis {
  double cosine = 1, sine = 0, contrast = 0;

  [[nodiscard]] Axis turned() const { return {-cosine, -sine, contrast}; }
};
Axis leading(const Quadratures& g) {
  const double angle = 0.5 * std::atan2(2 * g.pq, g.pp - g.qq);
  const double middle = (g.pp + g.qq) / 2, reach = std::hypot((g.pp - g.qq) / 2, g.pq);
  const double small = std::max(middle - reach, 1e-12 * (middle + reach));
  return {std::cos(angle), std::sin(angle), (middle + reach) / small};
}

/// The scan of one MZI between two arms.
class ThetaScan {
 public:
  ThetaScan(Bench& bench, int cell, Arm before, Arm behind)
      : bench_(bench),
        cell_(cell),
        before_(std::move(before)),
        behind_(std::move(behind)),
        sources_(only(before_, -1)),
        sinks_(only(behind_, +1)),
        lit_(bench.ports_near(cell)) {
    if (before_.is_port()) lit_ = {before_.port};
    const auto none = [](const std::vector<bool>& set) {
      return std::find(set.begin(), set.end(), true) == set.end();
    };
    interferes_ = none(sources_) && none(sinks_);
  }

  /// One more random state of the rest of the chip.
  void add_state() {
    bench_.scatter();
    for (const Arm* arm : {&before_, &behind_})
      for (const int k : arm->bars) bench_.set_theta(k, pi);
    const auto points = static_cast<std::size_t>(bench_.plan().theta_points);
    const std::size_t entries = lit_.size() * static_cast<std::size_t>(bench_.shape().ports());
    std::vector<std::vector<Complex>> amplitudes(points, std::vector<Complex>(entries));
    std::vector<double> mean(entries);
    for (std::size_t i = 0; i < points; ++i) {
      bench_.set_heat(2 * cell_, 2 * pi * static_cast<double>(i) / static_cast<double>(points));
      for (int x = 0; x < scan_points; ++x) scan(2 * pi * x / scan_points, amplitudes[i], mean);
    }
    for (double& m : mean) m /= static_cast<double>(points * scan_points);
    for (std::size_t e = 0; e < entries; ++e) add_entry(amplitudes, e, mean[e]);
  }
  [[nodiscard]] Axis axis() const { return leading(sums_); }
  /// Whether the bar state is told from the cross state.
  [[nodiscard]] bool signed_law() const { return interferes_; }
  /// theta's phase at no heat.
  [[nodiscard]] double bias() const {
    Axis best = axis();
    // Straight through: 1 - cos(bias + heat), p ~ -cos(bias), q ~ sin(bias); arms on the same side
    // are joined by crossing: 1 + cos(bias + heat).
    if (interferes_ && sums_.mp * best.cosine + sums_.mq * best.sine > 0) best = best.turned();
    if (before_.top == behind_.top) best = best.turned();
    return std::atan2(-best.sine, best.cosine);
  }

 private:
  /// Ports that one arm alone reaches, if there are any; the port that it is.
  [[nodiscard]] std::vector<bool> only(const Arm& arm, int step) const {
    std::vector<bool> ports(static_cast<std::size_t>(bench_.shape().ports()));
    if (arm.is_port()) {
      ports[static_cast<std::size_t>(arm.port)] = true;
      return ports;
    }
    const std::vector<bool> own = reach(bench_.shape(), cell_, arm.top, step),
                            other = reach(bench_.shape(), cell_, !arm.top, step);
    for (std::size_t p = 0; p < ports.size(); ++p)
      if (own[p] && other[p]) return ports;
    for (std::size_t p = 0; p < ports.size(); ++p) ports[p] = own[p];
    return ports;
  }
  /// Whether an entry shows only squares of the MZI's paths.
  [[nodiscard]] bool pure(std::size_t source, std::size_t sink) const {
    return (sources_[source] && (!behind_.is_port() || sinks_[sink])) ||
           (sinks_[sink] && (!before_.is_port() || sources_[source]));
  }
  void scan(double x, std::vector<Complex>& amplitudes, std::vector<double>& mean) {
    if (!before_.is_port()) bench_.set_heat(before_.heater, x);
    if (!behind_.is_port()) bench_.set_heat(behind_.heater, interferes_ ? -x : x);
    const Complex factor = interferes_ ? std::polar(1.0 / scan_points, -2 * x) : 1.0 / scan_points;
    const auto ports = static_cast<std::size_t>(bench_.shape().ports());
    for (std::size_t k = 0; k < lit_.size(); ++k) {
      const std::vector<double> powers = bench_.read(lit_[k]);
      for (std::size_t p = 0; p < ports; ++p) {
        amplitudes[k * ports + p] += factor * powers[p];
        mean[k * ports + p] += powers[p];
      }
    }
  }

  /// Quadratures of one entry, weighted by the noise that higher harmonics of theta show.
  void add_entry(const std::vector<std::vector<Complex>>& amplitudes, std::size_t entry,
                 double power) {
    const auto ports = static_cast<std::size_t>(bench_.shape().ports());
    if (!interferes_ && !pure(static_cast<std::size_t>(lit_[entry / ports]), entry % ports)) return;
    const auto points = static_cast<double>(amplitudes.size());
    Complex m = 0, p = 0, q = 0;
    double squares = 0;
    for (std::size_t i = 0; i < amplitudes.size(); ++i) {
      const Complex a = amplitudes[i][entry];
      const double heat = 2 * pi * static_cast<double>(i) / points;
      m += a / points;
      p += 2 * std::cos(heat) / points * a;
      q += 2 * std::sin(heat) / points * a;
      squares += std::norm(a) / points;
    }
    const double left = std::max(0.0, squares - std::norm(m) - (std::norm(p) + std::norm(q)) / 2);
    const double size = 0.01 * (std::abs(power) + bench_.plan().floor_power);
    const double weight = 1 / (left + size * size);
    const auto dot = [](Complex a, Complex b) { return (a * std::conj(b)).real(); };
    sums_.pp += weight * std::norm(p);
    sums_.pq += weight * dot(p, q);
    sums_.qq += weight * std::norm(q);
    sums_.mp += weight * dot(m, p);
    sums_.mq += weight * dot(m, q);
  }

  Bench& bench_;
  int cell_;
  Arm before_, behind_;
  std::vector<bool> sources_, sinks_;  // ports of one arm alone
  std::vector<int> lit_;
  bool interferes_ = true;  // light of both arms meets: the law of e^{2ix} holds
  Quadratures sums_;
};

/// Whether all cells an arm needs in the bar state can be brought there.
bool ready(Bench& bench, const Arm& arm) {
  return std::all_of(arm.bars.begin(), arm.bars.end(),
                     [&](int k) { return bench.theta(k).bar_found; });
}

}  // namespace

bool find_theta(Bench& bench, int cell, const std::vector<bool>& silent) {
  const std::optional<Arm> before = arm_before(bench.shape(), cell, silent),
                           behind = arm_behind(bench.shape(), cell, silent);
  if (!before || !behind || !ready(bench, *before) || !ready(bench, *behind)) return false;
  ThetaScan scan(bench, cell, *before, *behind);
  for (int state = 0; state < bench.plan().scattered_states; ++state) {
    scan.add_state();
    if (state > 0 && scan.axis().contrast > contrast) break;
  }
  HeaterKnowledge& theta = bench.theta(cell);
  theta.bias_rad = scan.bias();
  theta.found = true;
  theta.bar_found = theta.bar_by_law = scan.signed_law();
  return true;
}

}  // namespace lightloom::calibration
