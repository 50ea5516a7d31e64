#include "tests/oracles/field_chips.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <random>

#include "core/dense/singular_values.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::oracle {
namespace {

using Complex = std::complex<double>;
using Matrix = Eigen::MatrixXcd;
constexpr Complex i{0, 1};
constexpr double pi = std::numbers::pi, charge_C = 1.602176634e-19;

/// Its own numbers, in no relation to those of the library.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  double normal(double sigma = 1) { return sigma * normal_(engine_); }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_;
};

OutputError over_chips(int chips, const std::function<double(int)>& error_of_chip) {
  double sum = 0, squares = 0;
  for (int chip = 0; chip < chips; ++chip) {
    const double error = error_of_chip(chip);
    sum += error;
    squares += error * error;
  }
  const double mean = sum / chips;
  return {mean, std::sqrt((squares / chips - mean * mean) / chips)};
}

struct Mzi {
  int port = 0;
  double theta = 0, phi = 0;
};
struct Setting {
  std::vector<Mzi> devices;  // in the order of light
  std::vector<double> screen;
};

Matrix splitter(double angle) {
  Matrix s(2, 2);
  s << std::cos(angle), i * std::sin(angle), i * std::sin(angle), std::cos(angle);
  return s;
}

Matrix shifter(double phase) {
  Matrix p = Matrix::Identity(2, 2);
  p(0, 0) = std::exp(i * phase);
  return p;
}

Matrix device(double theta, double phi, double alpha = 0, double beta = 0) {
  return splitter(pi / 4 + beta) * shifter(theta) * splitter(pi / 4 + alpha) * shifter(phi);
}

/// The device on two ports of a matrix of n.
Matrix embedded(const Matrix& two, int port, int n) {
  Matrix whole = Matrix::Identity(n, n);
  whole.block(port, port, 2, 2) = two;
  return whole;
}

/// Clements et al.: zeros from both sides, then the left devices commuted through the phases.
Setting decompose(Matrix u) {
  const int n = static_cast<int>(u.rows());
  std::vector<Mzi> right, left;
  for (int d = 0; d < n - 1; ++d)
    for (int j = 0; j <= d; ++j) {
      const bool from_right = d % 2 == 0;
      const int port = from_right ? d - j : n - 2 - d + j;
      const int line = from_right ? n - 1 - j : j;
      const Complex a = from_right ? u(line, port) : u(port, line);
      const Complex b = from_right ? u(line, port + 1) : u(port + 1, line);
      const double ratio =
          from_right ? std::atan2(std::abs(b), std::abs(a)) : std::atan2(std::abs(a), std::abs(b));
      const Mzi mzi{port, 2 * ratio,
                    from_right ? std::arg(a) - std::arg(b) + pi : std::arg(b) - std::arg(a)};
      const Matrix t = embedded(device(mzi.theta, mzi.phi), port, n);
      if (from_right) {
        u = u * t.adjoint();
        right.push_back(mzi);
      } else {
        u = t * u;
        left.push_back(mzi);
      }
    }
  Setting setting{right, {}};
  for (int p = 0; p < n; ++p) setting.screen.push_back(std::arg(u(p, p)));
  for (auto mzi = left.rbegin(); mzi != left.rend(); ++mzi) {
    double &upper = setting.screen[as_index(mzi->port)],
           &lower = setting.screen[as_index(mzi->port + 1)];
    const double phi = upper - lower, below = lower;
    upper = below - mzi->phi - mzi->theta - pi;
    lower = below - mzi->theta - pi;
    setting.devices.push_back({mzi->port, mzi->theta, phi});
  }
  return setting;
}

/// What a mesh with errors makes of the setting.
Matrix built(const Setting& setting, const MeshBench& bench, Dice& dice) {
  const int n = static_cast<int>(setting.screen.size());
  Matrix u = Matrix::Identity(n, n);
  for (const Mzi& mzi : setting.devices) {
    const double theta = mzi.theta + dice.normal(bench.phase_sigma_rad),
                 phi = mzi.phi + dice.normal(bench.phase_sigma_rad),
                 alpha = dice.normal(bench.splitter_sigma_rad),
                 beta = dice.normal(bench.splitter_sigma_rad);
    u = embedded(device(theta, phi, alpha, beta), mzi.port, n) * u;
  }
  for (int p = 0; p < n; ++p)
    u.row(p) *= std::exp(i * (setting.screen[as_index(p)] + dice.normal(bench.phase_sigma_rad)));
  return u;
}

/// MZIs read at their bar port, whose phase at the set value is made up for.
Matrix attenuators(const Eigen::VectorXd& amplitudes, const MeshBench& bench, Dice& dice) {
  Matrix a = Matrix::Zero(amplitudes.size(), amplitudes.size());
  for (Eigen::Index k = 0; k < amplitudes.size(); ++k) {
    const double theta = 2 * std::asin(std::min(1.0, amplitudes(k)));
    const Complex got = device(theta + dice.normal(bench.phase_sigma_rad), 0)(0, 0);
    a(k, k) = got / (i * std::exp(i * (theta / 2)));
  }
  return a;
}

/// A current with its shot noise and that of the diode's dark current.
double diode(double current_A, const Bench& bench, Dice& dice) {
  return current_A +
         dice.normal(std::sqrt(2 * charge_C * (current_A + bench.dark_A) * bench.bandwidth_Hz));
}

double amplifier(const Bench& bench, Dice& dice) {
  return dice.normal(bench.amplifier_A_per_rtHz * std::sqrt(bench.bandwidth_Hz));
}

double laser(const Bench& bench, Dice& dice) {
  return 1 + dice.normal(std::sqrt(bench.rin_per_Hz * bench.bandwidth_Hz));
}

/// One reading of a field against the local oscillator.
double homodyne(Complex field, double laser_power, const Bench& bench, Dice& dice) {
  const double signal_A = bench.power_mW * 1e-3, oscillator_A = bench.oscillator_mW * 1e-3;
  const Complex in = std::sqrt(signal_A * laser_power) * field;
  const double local = std::sqrt(oscillator_A * laser_power);
  const double plus = diode(0.5 * std::norm(in + local), bench, dice),
               minus = diode(0.5 * std::norm(in - local), bench, dice);
  return (plus - minus + amplifier(bench, dice)) / (2 * std::sqrt(signal_A * oscillator_A));
}

double spread_of_write(double x, double scale) {
  return scale * std::max(0.0, 0.0105392 + 0.0786 * x - 0.046924 * x * x);
}

struct Pair {
  double plus = 0, minus = 0;
};
/// Of all pairs of levels that of the smallest expected squared error.
Pair levels_for(double weight, const CellBench& bench) {
  Pair best;
  double least = 1e9;
  for (int a = 0; a < 1 << bench.level_bits; ++a)
    for (int b = 0; b < 1 << bench.level_bits; ++b) {
      const double plus = std::pow(bench.ratio, a), minus = std::pow(bench.ratio, b);
      const double error = std::pow(plus - minus - weight, 2) +
                           std::pow(spread_of_write(plus, bench.programming_scale), 2) +
                           std::pow(spread_of_write(minus, bench.programming_scale), 2);
      if (error < least) {
        least = error;
        best = {plus, minus};
      }
    }
  return best;
}

struct DrawnCell {
  double transmission = 0, reading_sigma = 0;
};
DrawnCell drawn(double level, const CellBench& bench, Dice& dice) {
  const double written =
      std::max(0.0, level + dice.normal(spread_of_write(level, bench.programming_scale)));
  const double log_x = std::log(std::max(written, 1e-6));
  const double exponent = std::abs(
      bench.drift_scale * (std::clamp(-0.0155 * log_x + 0.0244, 0.049, 0.1) +
                           dice.normal(std::clamp(-0.0125 * log_x - 0.0059, 0.008, 0.045))));
  const double now =
      written * std::pow((bench.elapsed_s + bench.reference_s) / bench.reference_s, -exponent);
  const double t = bench.elapsed_s + bench.reference_s;
  const double quality = std::min(0.0088 / std::pow(std::max(written, 1e-6), 0.65), 0.2);
  return {now, bench.read_scale * quality * std::sqrt(std::log((t + 250e-9) / 500e-9)) * now};
}

}  // namespace

OutputError field_mesh_error(const Eigen::MatrixXd& weights, const Eigen::VectorXd& inputs,
                             const MeshBench& bench, int chips, int shots) {
  const RealSvd svd = real_svd(weights);
  const double scale = svd.values(0);
  const Setting first = decompose(svd.right.transpose().cast<Complex>()),
                last = decompose(svd.left.cast<Complex>());
  const Eigen::VectorXd exact = weights * inputs;
  return over_chips(chips, [&](int chip) {
    Dice dice(static_cast<unsigned>(chip) + 1);
    const Matrix in = built(first, bench, dice);
    const Matrix between = attenuators(svd.values / scale, bench, dice);
    const Matrix out = built(last, bench, dice);
    const Eigen::VectorXcd fields = out * (between * (in * inputs.cast<Complex>()));
    double squares = 0;
    for (int shot = 0; shot < shots; ++shot) {
      const double light = laser(bench.light, dice);
      for (Eigen::Index r = 0; r < exact.size(); ++r)
        squares += std::pow(scale * homodyne(fields(r), light, bench.light, dice) - exact(r), 2);
    }
    return squares / (shots * static_cast<double>(exact.size()));
  });
}

OutputError cell_crossbar_error(const Eigen::MatrixXd& weights, const Eigen::VectorXd& inputs,
                                const CellBench& bench, int chips, int shots) {
  const double range = 1 - std::pow(bench.ratio, (1 << bench.level_bits) - 1);
  const double largest = weights.cwiseAbs().maxCoeff();
  const Eigen::VectorXd exact = weights * inputs;
  const auto count = static_cast<std::size_t>(weights.size());
  return over_chips(chips, [&](int chip) {
    Dice dice(static_cast<unsigned>(chip) + 1);
    std::vector<DrawnCell> plus(count), minus(count);
    double wanted = 0, now = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const Pair pair = levels_for(weights.data()[k] / largest * range, bench);
      plus[k] = drawn(pair.plus, bench, dice);
      minus[k] = drawn(pair.minus, bench, dice);
      wanted += pair.plus + pair.minus;
      now += plus[k].transmission + minus[k].transmission;
    }
    const double scale = largest / range * wanted / now, full_A = bench.light.power_mW * 1e-3;
    double squares = 0;
    for (int shot = 0; shot < shots; ++shot) {
      const double light = laser(bench.light, dice);
      for (Eigen::Index r = 0; r < exact.size(); ++r) {
        double up_A = 0, down_A = 0;
        for (Eigen::Index c = 0; c < inputs.size(); ++c) {
          const auto k = static_cast<std::size_t>(c * exact.size() + r);  // columns one by one
          const double cell_A = full_A * light * inputs(c);
          up_A += cell_A * (plus[k].transmission + dice.normal(plus[k].reading_sigma));
          down_A += cell_A * (minus[k].transmission + dice.normal(minus[k].reading_sigma));
        }
        const double read_A = diode(up_A, bench.light, dice) - diode(down_A, bench.light, dice) +
                              amplifier(bench.light, dice);
        squares += std::pow(scale * read_A / full_A - exact(r), 2);
      }
    }
    return squares / (shots * static_cast<double>(exact.size()));
  });
}

}  // namespace lightloom::oracle
