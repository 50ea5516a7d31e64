#pragma once

#include <span>
#include <vector>

#include "calibration/solvers/least_squares.hpp"

namespace lightloom::calibration {

/// Envelope that the heights of a comb's peaks show: exp(slope (t - at) + bend (t - at)^2).
struct KnownEnvelope {
  double at = 0, slope = 0, bend = 0;

  [[nodiscard]] double power(double t) const;
};

/// Shape of a piece of a spectrum with some lines in it. With L = 1 / (1 + s^2), s = sin(pi u / P)
/// / sin(pi w / 2P) (an Airy line of period P; 2 u / w, a Lorentzian, for P = 0), g = cos(pi u / P)
/// and u = (x - c) c / x, which goes with the frequency: power = envelope (base + sum of (alpha +
/// beta s g) L). The part beta is what interference with other light adds to a line (Fano, doublets
/// by backscattering): |1 - sum of poles|^2 has no other terms. The envelope is exp(slope t + bend
/// t^2) at the through port and known at the drop port, whose base has a slope; ripple (1 + r + h
/// r^2), r = A cos(k t) + B sin(k t), multiplies it: h = 1 between two facets, 0 for a cosine. t =
/// (x - middle) / reach.
struct LineShape {
  double middle_nm = 0, reach_nm = 1;
  double period_nm = 0;  // P; 0: Lorentzians
  bool dips = true;
  bool envelope = true;  // slope and bend are free
  bool ripple = false;   // A, B, k and h are free
  KnownEnvelope known;   // at the drop port
  // Where other pieces of the sweep have shown a ripple: its k here and its amplitude; 0: unknown.
  double ripple_k = 0, ripple_amplitude = 0;
  std::size_t lines = 1;

  [[nodiscard]] std::size_t front() const { return ripple ? 7U : 3U; }
  [[nodiscard]] std::size_t size() const { return front() + 4 * lines; }
};

/// A place in a spectrum, and what lines of other pieces do there: a factor at the through port, a
/// part of the base at the drop port.
struct LinePlace {
  double nm = 0;
  double beside = 0;  // the factor less 1, or the power added
};

/// Parameters: base, slope, bend, [A, B, k, h], then of every line centre and log width (in t),
/// alpha, beta. Power at a place, and where `slope` is not empty its derivatives by the parameters.
double line_power(const LineShape& shape, std::span<const double> parameters,
                  const LinePlace& place, std::span<double> slope);

/// Readings that say only that there is at least (a saturated detector) or at most (a floor) so
/// much.
struct LineBound {
  LinePlace place;
  double power = 0, sigma = 1;
  bool least = true;
};

struct LineData {
  std::vector<double> x_nm, power, sigma;
  std::vector<double> beside = {};  // of every reading, or empty
  std::vector<LineBound> bounds = {};

  [[nodiscard]] LinePlace place(std::size_t i) const {
    return {x_nm[i], beside.empty() ? 0 : beside[i]};
  }
};

/// (model - power) / sigma over the readings, then six rows for what is held (bend and slope
/// without `envelope`, the bend at the drop port) or expected (a ripple's h from 0 to 1; of a known
/// one k within 0.8 + 0.03 k, A and B within its amplitude), then by how much bounds are
/// overstepped.
ResidualFunction line_residuals(const LineShape& shape, const LineData& data);
int line_rows(const LineData& data);

}  // namespace lightloom::calibration
