#pragma once

#include <span>
#include <vector>

#include "calibration/solvers/least_squares.hpp"

namespace lightloom::calibration {

/// Shape of a piece of a spectrum with some lines in it. With L = 1 / (1 + s^2), s = sin(pi u / P)
/// / sin(pi w / 2P) (an Airy line of period P; 2 u / w, a Lorentzian, for P = 0), g = cos(pi u / P)
/// and u = (x - c) c / x, which goes with the frequency: power = envelope (base + sum of (alpha +
/// beta s g) L). The part beta is what interference with other light adds to a line (Fano, doublets
/// by backscattering): |1 - sum of poles|^2 has no other terms. The envelope is exp(slope t + bend
/// t^2) at the through port and 1 at the drop port, whose base has a slope; ripple (1 + A cos(k t)
/// + B sin(k t)) multiplies it. t = (x - middle) / reach.
struct LineShape {
  double middle_nm = 0, reach_nm = 1;
  double period_nm = 0;  // P; 0: Lorentzians
  bool dips = true;
  bool envelope = true;  // slope and bend are free
  bool ripple = false;   // A, B and k are free
  std::size_t lines = 1;

  [[nodiscard]] std::size_t front() const { return ripple ? 6U : 3U; }
  [[nodiscard]] std::size_t size() const { return front() + 4 * lines; }
};

/// Parameters: base, slope, bend, [A, B, k], then of every line centre and log width (in t), alpha,
/// beta. Power at x, and where `slope` is not empty its derivatives by the parameters.
double line_power(const LineShape& shape, std::span<const double> parameters, double x_nm,
                  std::span<double> slope);

/// (model - power) / sigma over the readings. What is held (bend and slope without `envelope`, the
/// bend at the drop port) has a residual of its own that keeps it 0.
struct LineData {
  std::vector<double> x_nm, power, sigma;
};
ResidualFunction line_residuals(const LineShape& shape, const LineData& data);
int line_rows(const LineData& data);

}  // namespace lightloom::calibration
