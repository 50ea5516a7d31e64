#pragma once

// A ring and its spectrum by complex fields, for tests of what is fitted to it.

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom::calibration::lab {

using Field = std::complex<double>;
using std::numbers::pi;

/// A ring with a length, an index with dispersion, couplers and loss; lengths in nm.
struct LabRing {
  double length_nm = 1e5, index = 2.4, group_index = 4.1, dispersion = 0.2;
  double t1 = 0.97, t2 = 0.97, a = 0.995;

  [[nodiscard]] double phase(double nm) const {
    const double f = 1550 / nm - 1;
    return 2 * pi * length_nm / 1550 * (index + group_index * f + dispersion * f * f);
  }
  [[nodiscard]] Field through(double nm, double off = 0) const {
    const Field z = std::polar(1.0, phase(nm) + off);
    return (t1 - t2 * a * z) / (1.0 - t1 * t2 * a * z);
  }
  [[nodiscard]] double drop(double nm) const {
    const Field z = std::polar(1.0, phase(nm));
    return (1 - t1 * t1) * (1 - t2 * t2) * a / std::norm(1.0 - t1 * t2 * a * z);
  }
  /// Wavelength of the resonance nearest to `nm`, by Newton's method on the phase.
  [[nodiscard]] double resonance(double nm, double off = 0) const {
    const double order = std::round((phase(nm) + off) / (2 * pi));
    for (int i = 0; i < 50; ++i) nm -= (phase(nm) + off - 2 * pi * order) / slope(nm);
    return nm;
  }
  [[nodiscard]] double slope(double nm) const {
    return (phase(nm + 1e-3) - phase(nm - 1e-3)) / 2e-3;
  }
  /// Q from the phase at which 1 / |1 - x e^{i phi}|^2 is half of its peak.
  [[nodiscard]] double quality(double nm) const {
    const double x = t1 * t2 * a;
    return nm * std::abs(slope(nm)) / (4 * std::asin((1 - x) / (2 * std::sqrt(x))));
  }
};

struct LabTrace {
  std::vector<double> nm, power;
};
inline LabTrace lab_trace(double from, double to, int points,
                          const std::function<double(double)>& power, double relative = 0.003,
                          double floor = 1e-5) {
  const Stream stream({.seed = 31, .purpose = Purpose::test});
  LabTrace trace;
  for (int i = 0; i < points; ++i) {
    const double nm = from + (to - from) * i / (points - 1);
    const auto n = static_cast<std::uint64_t>(i);
    const double p = power(nm);
    trace.nm.push_back(nm);
    trace.power.push_back(p * (1 + relative * stream.normal(2 * n)) +
                          floor * stream.normal(2 * n + 1));
  }
  return trace;
}

}  // namespace lightloom::calibration::lab
