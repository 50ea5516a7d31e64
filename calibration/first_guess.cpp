#include "calibration/first_guess.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lightloom::calibration {
namespace {

using photonic::Complex;

constexpr int rounds = 10;
constexpr int sharpening = 6;  // rounds
constexpr int weighed = 16;    // settings over which the diagonal matrix is taken

/// Mean powers through the mesh by the cosines of all theta.
class Mixing {
 public:
  explicit Mixing(const ChipShape& shape)
      : shape_(shape), ports_(static_cast<std::size_t>(shape.ports())) {}

  /// Powers at the outputs (port, input); keeps the differences in front of every cell.
  std::vector<double> forward(const std::vector<double>& cosines) {
    std::vector<double> power = identity();
    differences_.resize(cosines.size() * ports_);
    for (std::size_t k = 0; k < cosines.size(); ++k) {
      double *top = row(power, k, true), *bottom = row(power, k, false);
      double* difference = &differences_[k * ports_];
      const double bar = (1 - cosines[k]) / 2;
      for (std::size_t i = 0; i < ports_; ++i) {
        difference[i] = top[i] - bottom[i];
        const double upper = bottom[i] + bar * difference[i];
        bottom[i] = top[i] - bar * difference[i];
        top[i] = upper;
      }
    }
    return power;
  }
  /// d/d(cosine) of sum (port, input) pull * power.
  std::vector<double> back(const std::vector<double>& cosines, std::vector<double> pull) {
    std::vector<double> slopes(cosines.size());
    for (std::size_t k = cosines.size(); k-- > 0;) {
      double *top = row(pull, k, true), *bottom = row(pull, k, false);
      const double* difference = &differences_[k * ports_];
      const double bar = (1 - cosines[k]) / 2;
      double sum = 0;
      for (std::size_t i = 0; i < ports_; ++i) {
        const double d = top[i] - bottom[i];
        sum += d * difference[i];
        const double upper = bottom[i] + bar * d;
        bottom[i] = top[i] - bar * d;
        top[i] = upper;
      }
      slopes[k] = -sum / 2;
    }
    return slopes;
  }
  /// sum over (port, input) of weight (d power / d cosine)^2, by cell.
  std::vector<double> squares(const std::vector<double>& cosines,
                              const std::vector<double>& weight) {
    std::vector<double> after = identity();  // (port, output)
    std::vector<double> sums(cosines.size()), right(ports_);
    for (std::size_t k = cosines.size(); k-- > 0;) {
      double *top = row(after, k, true), *bottom = row(after, k, false);
      const double* difference = &differences_[k * ports_];
      const double bar = (1 - cosines[k]) / 2;
      double sum = 0;
      for (std::size_t j = 0; j < ports_; ++j) {
        const double d = top[j] - bottom[j];
        double inner = 0;
        for (std::size_t i = 0; i < ports_; ++i)
          inner += weight[j * ports_ + i] * difference[i] * difference[i];
        sum += d * d * inner;
        const double upper = bottom[j] + bar * d;
        bottom[j] = top[j] - bar * d;
        top[j] = upper;
      }
      sums[k] = sum / 4;
    }
    return sums;
  }

 private:
  [[nodiscard]] std::vector<double> identity() const {
    std::vector<double> result(ports_ * ports_);
    for (std::size_t p = 0; p < ports_; ++p) result[p * ports_ + p] = 1;
    return result;
  }
  double* row(std::vector<double>& values, std::size_t cell, bool top) const {
    const photonic::Cell& c = shape_.topology.cells[cell];
    return &values[static_cast<std::size_t>(top ? c.top : c.bottom) * ports_];
  }

  const ChipShape& shape_;
  std::size_t ports_;
  std::vector<double> differences_;  // (cells, inputs)
};

/// Readings (settings, port, input) scaled so that on the mean every input and every detector
/// counts 1.
std::vector<double> balanced(const ChipShape& shape, const RandomReadings& readings) {
  const auto ports = static_cast<std::size_t>(shape.ports()), block = ports * ports;
  std::vector<double> result(readings.powers.size()), mean(block);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t setting = i / block, input = i % block / ports, port = i % ports;
    result[setting * block + port * ports + input] = std::max(readings.powers[i], 0.0);
  }
  for (std::size_t i = 0; i < result.size(); ++i) mean[i % block] += result[i] / readings.settings;
  std::vector<double> factor(block, 1.0);
  for (int pass = 0; pass < 6; ++pass)
    for (std::size_t line = 0; line < ports; ++line) {
      double sum = 0;
      const auto at = [&](std::size_t i) {
        return pass % 2 == 0 ? line * ports + i : i * ports + line;
      };
      for (std::size_t i = 0; i < ports; ++i) sum += mean[at(i)] * factor[at(i)];
      for (std::size_t i = 0; sum > 0 && i < ports; ++i) factor[at(i)] /= sum;
    }
  for (std::size_t i = 0; i < result.size(); ++i) result[i] *= factor[i % block];
  return result;
}

/// Share of every port's light that stays on it all the way.
std::vector<double> straight_powers(const ChipShape& shape, const std::vector<double>& cosines) {
  std::vector<double> powers(static_cast<std::size_t>(shape.ports()), 1.0);
  for (std::size_t k = 0; k < cosines.size(); ++k) {
    const photonic::Cell& cell = shape.topology.cells[k];
    powers[static_cast<std::size_t>(cell.top)] *= (1 - cosines[k]) / 2;
    powers[static_cast<std::size_t>(cell.bottom)] *= (1 - cosines[k]) / 2;
  }
  return powers;
}

/// What one setting says: slopes of the weighted misfit by every cosine, and where asked for the
/// curvature.
struct Evidence {
  std::vector<double> slopes, squares;  // (cells)
  double scatter = 0;                   // mean weighted square of the residuals
};
Evidence weigh(const ChipShape& shape, std::span<const double> powers,
               const std::vector<double>& cosines, bool curvature) {
  Mixing mixing(shape);
  const std::vector<double> mean = mixing.forward(cosines);
  std::vector<double> weight(mean.size()), pull(mean.size());
  const std::vector<double> straight = straight_powers(shape, cosines);
  const std::size_t ports = straight.size();
  Evidence result;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double size = std::max(mean[i], 0.25 / shape.ports());
    const double off = powers[i] - mean[i];
    // Speckle is as large as the light that came by detours, and interferes with what did not.
    const double own = i % ports == i / ports ? straight[i / ports] : 0;
    const double detour = mean[i] - own;
    const double floor = std::max(0.05 * mean[i], 0.1 / shape.ports());
    weight[i] =
        1 / (own > detour ? 2 * own * detour + detour * detour + floor * floor : size * size);
    pull[i] = weight[i] * off;
    result.scatter += pull[i] * off / static_cast<double>(mean.size());
  }
  if (curvature) result.squares = mixing.squares(cosines, weight);
  result.slopes = mixing.back(cosines, std::move(pull));
  return result;
}

}  // namespace

std::vector<double> guess_theta(const ChipShape& shape, const RandomReadings& readings,
                                double gamma) {
  const auto cells = static_cast<std::size_t>(shape.cells()),
             ports = static_cast<std::size_t>(shape.ports()), block = ports * ports;
  const auto settings = static_cast<std::size_t>(readings.settings);
  const std::vector<double> powers = balanced(shape, readings);
  const auto angle = [&](std::size_t s, std::size_t k) {
    const double v = readings.voltages[s * 2 * cells + 2 * k];
    return gamma * v * v;
  };
  std::vector<Complex> quadrature(cells);  // z: cos theta is believed to be Re z e^{i x}
  std::vector<Complex> pulls(settings * cells), helds(settings * cells);
  std::vector<double> squares(settings * cells), scatter(settings);
  for (int round = 0; round < rounds; ++round) {
    const std::size_t used = round + 3 < rounds ? std::max<std::size_t>(settings / 3, 1) : settings;
    const std::size_t stride = std::max<std::size_t>(used / weighed, 1);
#pragma omp parallel for schedule(dynamic)
    for (std::size_t s = 0; s < used; ++s) {
      std::vector<double> cosines(cells);
      std::vector<Complex> turn(cells);
      for (std::size_t k = 0; k < cells; ++k) {
        turn[k] = std::polar(1.0, angle(s, k));
        cosines[k] = (quadrature[k] * turn[k]).real();
      }
      const Evidence found = weigh(shape, {&powers[s * block], block}, cosines, s % stride == 0);
      scatter[s] = found.scatter;
      std::copy(found.squares.begin(), found.squares.end(), &squares[s * cells]);
      for (std::size_t k = 0; k < cells; ++k) {
        pulls[s * cells + k] = found.slopes[k] * std::conj(turn[k]);
        helds[s * cells + k] = cosines[k] * std::conj(turn[k]);
      }
    }
    for (std::size_t k = 0; k < cells; ++k) {
      Complex pull = 0, held = 0;
      double square = 0, count = 0, chi = 0;
      for (std::size_t s = 0; s < used; ++s) {
        pull += pulls[s * cells + k];
        held += helds[s * cells + k];
        chi += scatter[s] / static_cast<double>(used);
        if (s % stride != 0) continue;
        square += squares[s * cells + k];
        ++count;
      }
      const double information = square / count * static_cast<double>(used) / 2;
      if (information <= 0) continue;
      const Complex z = (pull + square / count * held) / information;
      const double size = std::abs(z), noise = chi / information;
      const double belief = std::min(1.0, size) * std::max(0.0, 1 - noise / (size * size));
      quadrature[k] = size > 0 ? z / size * std::max(belief, 1e-3) : Complex{};
    }
  }
  std::vector<double> bias;
  for (const Complex& z : quadrature) bias.push_back(std::arg(z));
  return bias;
}

namespace {

/// The misfit of one cell as a function of its phi_0, all others held: cos theta enters the mean
/// powers linearly, so it is exactly a quadratic form of (cos phi_0, -sin phi_0).
struct Misfit {
  double cc = 0, cs = 0, ss = 0, c = 0, s = 0;

  void add(double x, double cosine, double slope, double square) {
    const double cos_x = std::cos(x), sin_x = std::sin(x), pull = slope + square * cosine;
    cc += square * cos_x * cos_x;
    cs += square * cos_x * sin_x;
    ss += square * sin_x * sin_x;
    c += pull * cos_x;
    s += pull * sin_x;
  }
  [[nodiscard]] double at(double bias) const {
    const double yc = std::cos(bias), ys = -std::sin(bias);
    return cc * yc * yc + 2 * cs * yc * ys + ss * ys * ys - 2 * (c * yc + s * ys);
  }
  /// The least over the whole turn.
  [[nodiscard]] double least() const {
    constexpr int steps = 256;
    int best = 0;
    for (int i = 1; i < steps; ++i)
      if (at(turn(i, steps)) < at(turn(best, steps))) best = i;
    return turn(best, steps);
  }
  static double turn(int i, int steps) { return 2 * std::numbers::pi * i / steps; }
};

}  // namespace

std::vector<double> sharpen_theta(const ChipShape& shape, const RandomReadings& readings,
                                  double gamma, std::vector<double> bias) {
  const std::size_t cells = bias.size(), settings = static_cast<std::size_t>(readings.settings);
  const auto ports = static_cast<std::size_t>(shape.ports()), block = ports * ports;
  const std::vector<double> powers = balanced(shape, readings);
  const auto angle = [&](std::size_t s, std::size_t k) {
    const double v = readings.voltages[s * 2 * cells + 2 * k];
    return gamma * v * v;
  };
  std::vector<Evidence> found(settings);
  for (int round = 0; round < sharpening; ++round) {
#pragma omp parallel for schedule(dynamic)
    for (std::size_t s = 0; s < settings; ++s) {
      std::vector<double> cosines(cells);
      for (std::size_t k = 0; k < cells; ++k) cosines[k] = std::cos(bias[k] + angle(s, k));
      found[s] = weigh(shape, {&powers[s * block], block}, cosines, true);
    }
    for (std::size_t k = 0; k < cells; ++k) {
      Misfit misfit;
      for (std::size_t s = 0; s < settings; ++s)
        misfit.add(angle(s, k), std::cos(bias[k] + angle(s, k)), found[s].slopes[k],
                   found[s].squares[k]);
      bias[k] += 0.7 * std::remainder(misfit.least() - bias[k], 2 * std::numbers::pi);
    }
  }
  return bias;
}

}  // namespace lightloom::calibration
