#include "calibration/rings/lines/line_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

constexpr std::size_t held_rows = 6;  // before the bounds

/// s, g and their derivatives by centre and log width.
struct Pole {
  double s = 0, g = 1, s_centre = 0, s_width = 0, g_centre = 0;
};

Pole pole_at(const LineShape& shape, double t, double centre, double width) {
  // Phases go with the frequency: (1 / c - 1 / x) c^2 = (x - c) c / x.
  const double at = shape.middle_nm + shape.reach_nm * t,
               own = shape.middle_nm + shape.reach_nm * centre;
  const double off = (t - centre) * own / at,
               off_centre = (shape.reach_nm * (t - centre) - own) / at;
  if (!(shape.period_nm > 0))
    return {2 * off / width, 1, 2 * off_centre / width, -2 * off / width, 0};
  const double k = pi * shape.reach_nm / shape.period_nm,
               half = std::min(0.5 * k * width, 0.49 * pi);
  const double sine = std::sin(k * off), cosine = std::cos(k * off), s = sine / std::sin(half);
  return {s, cosine, k * cosine / std::sin(half) * off_centre, -s * half / std::tan(half),
          -k * sine * off_centre};
}

/// Adds one line to `sum`, and its derivatives to those of the bracket.
double add_line(const Pole& p, std::span<const double> own, std::span<double> slope) {
  const double line = 1 / (1 + p.s * p.s), alpha = own[2], beta = own[3];
  if (!slope.empty()) {
    const double by_s = -2 * p.s * line * line * (alpha + beta * p.s * p.g) + beta * p.g * line;
    slope[0] = by_s * p.s_centre + beta * p.s * line * p.g_centre;
    slope[1] = by_s * p.s_width;
    slope[2] = line;
    slope[3] = p.s * p.g * line;
  }
  return (alpha + beta * p.s * p.g) * line;
}

}  // namespace

double KnownEnvelope::power(double t) const {
  const double off = t - at;
  return slope == 0 && bend == 0 ? 1
                                 : std::exp(std::clamp(slope * off + bend * off * off, -5.0, 5.0));
}

double line_power(const LineShape& shape, std::span<const double> x, const LinePlace& place,
                  std::span<double> slope) {
  const double t = (place.nm - shape.middle_nm) / shape.reach_nm;
  const double envelope =
      shape.dips ? std::exp(std::clamp(x[1] * t + x[2] * t * t, -50.0, 50.0)) * (1 + place.beside)
                 : shape.known.power(t);
  double ripple = 1, cosine = 0, sine = 0, wave = 0;
  if (shape.ripple) {
    cosine = std::cos(x[5] * t);
    sine = std::sin(x[5] * t);
    wave = x[3] * cosine + x[4] * sine;
    ripple += wave + x[6] * wave * wave;
  }
  double bracket = x[0] + (shape.dips ? 0 : x[1] * t + place.beside);
  for (std::size_t k = 0; k < shape.lines; ++k) {
    const std::size_t at = shape.front() + 4 * k;
    const Pole pole = pole_at(shape, t, x[at], std::exp(std::clamp(x[at + 1], -30.0, 5.0)));
    bracket += add_line(pole, x.subspan(at, 4), slope.empty() ? slope : slope.subspan(at, 4));
  }
  const double factor = envelope * ripple, value = factor * bracket;
  if (slope.empty()) return value;
  for (std::size_t j = shape.front(); j < shape.size(); ++j) slope[j] *= factor;
  slope[0] = factor;
  slope[1] = shape.dips ? t * value : t * factor;
  slope[2] = shape.dips ? t * t * value : 0;
  if (shape.ripple) {
    const double by_wave = (1 + 2 * x[6] * wave) * envelope * bracket;
    slope[3] = cosine * by_wave;
    slope[4] = sine * by_wave;
    slope[5] = t * (x[4] * cosine - x[3] * sine) * by_wave;
    slope[6] = wave * wave * envelope * bracket;
  }
  return value;
}

int line_rows(const LineData& data) {
  return static_cast<int>(data.x_nm.size() + held_rows + data.bounds.size());
}

namespace {

/// What is held or expected of the first parameters: weight and value.
struct Expected {
  std::size_t parameter;
  double weight, value;
};

std::array<Expected, held_rows> expectations(const LineShape& shape) {
  const bool known = shape.ripple && shape.ripple_amplitude > 0;
  const double amplitude = known ? 1 / shape.ripple_amplitude : 0;
  return {{{1, shape.envelope ? 0.0 : 1e6, 0},
           {2, shape.envelope && shape.dips ? 0.0 : 1e6, 0},
           {3, amplitude, 0},
           {4, amplitude, 0},
           {5, known ? 1 / (0.8 + 0.03 * shape.ripple_k) : 0, shape.ripple_k},
           {6, shape.ripple ? 2.0 : 0.0, 0.5}}};
}

/// By how much the model oversteps what a bound allows, with its derivatives.
double overstep(const LineShape& shape, const LineBound& bound, std::span<const double> x,
                std::span<double> slope) {
  const double off = (line_power(shape, x, bound.place, slope) - bound.power) / bound.sigma;
  const bool inside = bound.least ? off >= 0 : off <= 0;
  for (double& d : slope) d = inside ? 0 : d / bound.sigma;
  return inside ? 0 : off;
}

}  // namespace

ResidualFunction line_residuals(const LineShape& shape, const LineData& data) {
  return [shape, &data](std::span<const double> x, std::span<double> r,
                        std::span<double> jacobian) {
    const std::size_t columns = shape.size();
    std::size_t row = 0;
    const auto slope_of_row = [&] {
      return jacobian.empty() ? jacobian : jacobian.subspan(row * columns, columns);
    };
    for (; row < data.x_nm.size(); ++row) {
      const auto slope = slope_of_row();
      r[row] = (line_power(shape, x, data.place(row), slope) - data.power[row]) / data.sigma[row];
      for (double& d : slope) d /= data.sigma[row];
    }
    for (const Expected& one : expectations(shape)) {
      const auto slope = slope_of_row();
      std::fill(slope.begin(), slope.end(), 0.0);
      r[row++] = one.weight > 0 ? one.weight * (x[one.parameter] - one.value) : 0;
      if (!slope.empty() && one.weight > 0) slope[one.parameter] = one.weight;
    }
    for (const LineBound& bound : data.bounds) {
      const auto slope = slope_of_row();
      r[row++] = overstep(shape, bound, x, slope);
    }
    // Two lines that cancel may grow without limit: such a step is refused.
    const auto finite = [](double value) { return std::isfinite(value); };
    return std::all_of(r.begin(), r.end(), finite) &&
           std::all_of(jacobian.begin(), jacobian.end(), finite);
  };
}

}  // namespace lightloom::calibration
