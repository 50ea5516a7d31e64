#include "calibration/blind_start.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "calibration/arms.hpp"

namespace lightloom::calibration {
namespace {

using photonic::Complex;

constexpr double pi = std::numbers::pi;
constexpr int scan_points = 5;        // of x: the fewest that keep e^{2ix} apart from e^{ix} and 1
constexpr double floor_power = 0.02;  // readings below it are no more certain than it
constexpr double seen = 3;            // squares of fringe over noise from which on a heater shows
constexpr double well_lit = 50;       // and which are enough for gamma
constexpr double certain = 1e-3;      // relative squares of residuals that no outlier leaves
constexpr double contrast = 30;       // of the two quadratures of theta, that is enough

std::vector<bool> silent_heaters(const Bench& bench) {
  std::vector<bool> silent;
  for (const HeaterKnowledge& heater : bench.known) silent.push_back(heater.silent);
  return silent;
}

/// Sums of products of the readings along a sweep, weighted by entry: all that least squares with
/// any gamma needs.
struct Moments {
  std::size_t points;
  std::vector<double> sums;  // (points, points)
  double entries = 0;

  explicit Moments(std::size_t count) : points(count), sums(count * count) {}
  void add(std::span<const double> readings, double weight) {
    ++entries;
    for (std::size_t i = 0; i < points; ++i)
      for (std::size_t j = 0; j < points; ++j)
        sums[i * points + j] += weight * readings[i] * readings[j];
  }
};

/// Squares that 1, cos and sin of gamma V^2 explain: constant part, and the rest.
struct Explained {
  double constant = 0, fringe = 0, left = 0;
};
Explained explained(const Moments& moments, std::span<const double> squares, double gamma) {
  const std::size_t n = moments.points;
  std::array<std::vector<double>, 3> basis;
  for (auto& b : basis) b.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    basis[0][i] = 1;
    basis[1][i] = std::cos(gamma * squares[i]);
    basis[2][i] = std::sin(gamma * squares[i]);
  }
  std::array<double, 3> share{};
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      double dot = 0;
      for (std::size_t i = 0; i < n; ++i) dot += basis[a][i] * basis[b][i];
      for (std::size_t i = 0; i < n; ++i) basis[b][i] -= dot * basis[a][i];
    }
    double norm = 0;
    for (const double v : basis[b]) norm += v * v;
    for (double& v : basis[b]) v /= std::sqrt(norm);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        share[b] += basis[b][i] * moments.sums[i * n + j] * basis[b][j];
  }
  double all = 0;
  for (std::size_t i = 0; i < n; ++i) all += moments.sums[i * n + i];
  return {share[0], share[1] + share[2], all - share[0] - share[1] - share[2]};
}

/// The gamma within `spread` of the design that leaves least.
double best_gamma(const Moments& moments, std::span<const double> squares, double design) {
  constexpr int steps = 80;
  const auto left = [&](double gamma) { return explained(moments, squares, gamma).left; };
  double best = 0.75 * design, step = 0.5 * design / steps;
  for (int i = 1; i <= steps; ++i) {
    const double gamma = (0.75 + 0.5 * i / steps) * design;
    if (left(gamma) < left(best)) best = gamma;
  }
  for (int halving = 0; halving < 12; ++halving, step /= 2)
    for (const double gamma : {best - step / 2, best + step / 2})
      if (left(gamma) < left(best)) best = gamma;
  return best;
}

/// One sweep of a heater with ports near it lit in turn: (entries, points).
std::vector<std::vector<double>> sweep_near(Bench& bench, int heater,
                                            std::span<const double> squares) {
  const std::vector<int> lit = bench.ports_near(heater / 2);
  const auto ports = static_cast<std::size_t>(bench.shape.ports());
  std::vector<std::vector<double>> entries(lit.size() * ports, std::vector<double>(squares.size()));
  const double rest = bench.square(heater);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    // Out of order, so that a drift looks like noise and not like a fringe.
    const std::size_t point = i * 5 % squares.size();
    bench.square(heater) = squares[point];
    for (std::size_t k = 0; k < lit.size(); ++k) {
      const std::vector<double> powers = bench.read(lit[k]);
      for (std::size_t p = 0; p < ports; ++p) entries[k * ports + p][point] = powers[p];
    }
  }
  bench.square(heater) = rest;
  return entries;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

/// What a fit with `gamma` leaves of each entry, over its expected noise; outliers stand out.
Moments moments_of(const std::vector<std::vector<double>>& entries, std::span<const double> squares,
                   double gamma, bool robust) {
  std::vector<double> left(entries.size()), weight(entries.size());
  for (std::size_t e = 0; e < entries.size(); ++e) {
    weight[e] = 1 / std::pow(std::abs(mean_of(entries[e])) + floor_power, 2);
    if (!robust) continue;
    Moments one(squares.size());
    one.add(entries[e], weight[e]);
    left[e] = explained(one, squares, gamma).left;
  }
  double limit = INFINITY;
  if (robust) {
    std::vector<double> sorted = left;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    limit = std::max(10 * *middle, static_cast<double>(squares.size()) * certain);
  }
  Moments moments(squares.size());
  for (std::size_t e = 0; e < entries.size(); ++e)
    if (left[e] <= limit) moments.add(entries[e], weight[e]);
  return moments;
}

void find_gamma(Bench& bench, int heater) {
  const auto points = static_cast<std::size_t>(bench.plan.gamma_points);
  std::vector<double> squares;
  for (std::size_t i = 0; i < points; ++i)
    squares.push_back(bench.limit() * (static_cast<double>(i) + 0.5) / static_cast<double>(points));
  HeaterKnowledge& known = bench.known[static_cast<std::size_t>(heater)];
  double most = 0;
  for (int state = 0; state < bench.plan.scattered_states && most < well_lit; ++state) {
    if (state > 0) bench.scatter();
    const std::vector<std::vector<double>> entries = sweep_near(bench, heater, squares);
    const double first =
        best_gamma(moments_of(entries, squares, 0, false), squares, bench.plan.gamma);
    const Moments moments = moments_of(entries, squares, first, true);
    const double gamma = best_gamma(moments, squares, bench.plan.gamma);
    const Explained parts = explained(moments, squares, gamma);
    const double noise = std::max(parts.left / (static_cast<double>(points) - 3),
                                  1e-9 * (parts.constant + parts.fringe));
    const double clear = parts.fringe / 2 / noise;
    if (clear <= most) continue;
    most = clear;
    known.gamma = gamma;
  }
  known.silent = most < seen;
}

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
    const auto points = static_cast<std::size_t>(bench_.plan.theta_points);
    const std::size_t entries = lit_.size() * static_cast<std::size_t>(bench_.shape.ports());
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
    std::vector<bool> ports(static_cast<std::size_t>(bench_.shape.ports()));
    if (arm.is_port()) {
      ports[static_cast<std::size_t>(arm.port)] = true;
      return ports;
    }
    const std::vector<bool> own = reach(bench_.shape, cell_, arm.top, step),
                            other = reach(bench_.shape, cell_, !arm.top, step);
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
    const auto ports = static_cast<std::size_t>(bench_.shape.ports());
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
    const auto ports = static_cast<std::size_t>(bench_.shape.ports());
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
    const double size = 0.01 * (std::abs(power) + floor_power);
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

/// Finds a cell's theta if the arms allow it.
bool find_theta(Bench& bench, int cell, const std::vector<bool>& silent) {
  const std::optional<Arm> before = arm_before(bench.shape, cell, silent),
                           behind = arm_behind(bench.shape, cell, silent);
  if (!before || !behind || !ready(bench, *before) || !ready(bench, *behind)) return false;
  ThetaScan scan(bench, cell, *before, *behind);
  for (int state = 0; state < bench.plan.scattered_states; ++state) {
    scan.add_state();
    if (state > 0 && scan.axis().contrast > contrast) break;
  }
  HeaterKnowledge& theta = bench.theta(cell);
  theta.bias_rad = scan.bias();
  theta.found = true;
  theta.bar_found = theta.bar_by_law = scan.signed_law();
  return true;
}

/// Finds every theta that shows, those first that others need.
void find_thetas(Bench& bench) {
  const std::vector<bool> silent = silent_heaters(bench);
  for (bool more = true; more;) {
    more = false;
    for (int k = 0; k < bench.shape.cells(); ++k)
      if (!silent[static_cast<std::size_t>(2 * k)] && !bench.theta(k).found)
        more = find_theta(bench, k, silent) || more;
  }
}

/// Light of one input that a change moves from port to port.
double moved(const std::vector<double>& before, const std::vector<double>& after) {
  double sum = 0;
  for (std::size_t p = 0; p < before.size(); ++p) sum += std::abs(after[p] - before[p]);
  return sum;
}

/// Whether a cell in one of its definite states sends light of `upper`, the input whose light
/// reaches its top arm, on from its top arm, and that of `lower` from its bottom arm. Seen at the
/// port behind it, or by flipping the cell that comes next there.
bool goes_straight(Bench& bench, int cell, int upper, int lower) {
  const photonic::Cell& own = bench.shape.topology.cells[static_cast<std::size_t>(cell)];
  // The one next to come gets light of one arm only.
  int port = own.top, next = next_cell(bench.shape, cell, own.top, +1);
  const int other = next_cell(bench.shape, cell, own.bottom, +1);
  if (next >= 0 && (other < next || bench.theta(next).silent)) {
    port = own.bottom;
    next = other;
  }
  std::array<double, 2> shows{};  // how much of each input's light is at `port`
  const std::array<std::vector<double>, 2> still{bench.read(upper), bench.read(lower)};
  if (next < 0) {
    shows = {still[0][static_cast<std::size_t>(port)], still[1][static_cast<std::size_t>(port)]};
  } else {
    double& square = bench.square(2 * next);
    const double held = square, half = pi / bench.theta(next).gamma;
    square += held > half ? -half : half;
    shows = {moved(still[0], bench.read(upper)), moved(still[1], bench.read(lower))};
    square = held;
  }
  return (shows[0] > shows[1]) == (port == own.top);
}

/// Brings every MZI to the bar state, in the order of light: those whose state is not told apart
/// are flipped where they turn out to be crossed.
void tell_bars(Bench& bench) {
  bench.scatter_phi();
  for (int k = 0; k < bench.shape.cells(); ++k) bench.set_theta(k, pi);
  std::vector<int> light;  // the input whose light is on each port
  for (int p = 0; p < bench.shape.ports(); ++p) light.push_back(p);
  for (int k = 0; k < bench.shape.cells(); ++k) {
    HeaterKnowledge& theta = bench.theta(k);
    if (theta.bar_by_law) continue;
    const photonic::Cell& cell = bench.shape.topology.cells[static_cast<std::size_t>(k)];
    int &upper = light[static_cast<std::size_t>(cell.top)],
        &lower = light[static_cast<std::size_t>(cell.bottom)];
    if (goes_straight(bench, k, upper, lower)) {
      theta.bar_found = theta.found;
    } else if (theta.found) {
      theta.bias_rad += pi;
      theta.bar_found = true;
      bench.set_theta(k, pi);
    } else {
      std::swap(upper, lower);  // it cannot be moved
    }
  }
}

}  // namespace

void find_laws(Bench& bench) {
  for (int h = 0; h < bench.shape.heater_count(); ++h) {
    // A phi heater on a port of the chip turns all light alike.
    const int top = bench.shape.topology.cells[static_cast<std::size_t>(h / 2)].top;
    if (h % 2 == 0 || next_cell(bench.shape, h / 2, top, -1) >= 0) find_gamma(bench, h);
  }
  // The second time with the help of MZIs whose bar state the first has told apart.
  for (int pass = 0; pass < 2; ++pass) {
    find_thetas(bench);
    tell_bars(bench);
  }
}

}  // namespace lightloom::calibration
