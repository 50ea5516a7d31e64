// Single elements over random draws with truths that come from formulas of their own: what is
// enough to fit is fitted within its errors without a guess, what is not is named.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "calibration/elements/drift_fit.hpp"
#include "calibration/elements/fringe.hpp"
#include "calibration/elements/linear_fit.hpp"
#include "calibration/rings/ring_fit.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// Counts of one audit.
struct Audit {
  int enough = 0, fitted = 0, wrong = 0;  // data that suffice; good and right; good but wrong
  int little = 0, named = 0, missed = 0;  // that do not; named; neither named nor right
  double squares = 0;                     // of the pulls of the fitted
};

/// One heater as a lab might sweep it, of any of the three laws.
struct FringeSweep {
  double gamma = 0, phase_rad = 0, gap = 0, span = 0, noise_to_amplitude = 0;
  std::vector<double> volts, readings;
};
FringeSweep random_sweep(FringeLaw law, std::uint64_t draw) {
  const Stream stream(
      {.seed = 11, .purpose = Purpose::test, .layer = static_cast<std::uint32_t>(law)});
  const auto u = [&](std::uint64_t i) { return stream.uniform(i, draw); };
  FringeSweep s{.gamma = 0.165 * std::exp(0.1 * stream.normal(0, draw)),
                .phase_rad = 2 * pi * u(1)};
  const double greatest_V = 3 + 6 * u(2), amplitude = 0.05 + 0.45 * u(3),
               noise = std::pow(10, -3 + 1.5 * u(4));
  const int points = 8 + static_cast<int>(72 * u(5));
  const double gamma2 = law == FringeLaw::self_heating ? -0.1 * u(6) * s.gamma * s.gamma / pi : 0;
  const bool cubic = law == FringeLaw::cubic;
  const double c1 = cubic ? 0.05 * stream.normal(7, draw) : 0,
               c3 = cubic ? 0.002 * stream.normal(8, draw) : 0;
  const auto phase = [&](double v) {
    return s.phase_rad + v * (c1 + v * (s.gamma + v * (c3 + v * gamma2)));
  };
  std::vector<double> phases;
  for (int i = 0; i < points; ++i) {  // even in V^2, even in V, or at random
    const auto n = static_cast<std::uint64_t>(i);
    const double x = (i + 0.5) / points;
    const double v = greatest_V * (draw % 3 == 0   ? std::sqrt(x)
                                   : draw % 3 == 1 ? x
                                                   : std::sqrt(u(100 + n)));
    s.volts.push_back(v);
    phases.push_back(phase(v));
    s.readings.push_back(0.5 + amplitude * std::cos(phases.back()) +
                         noise * stream.normal(1000 + n, draw));
  }
  std::sort(phases.begin(), phases.end());
  for (std::size_t i = 1; i < phases.size(); ++i)
    s.gap = std::max(s.gap, phases[i] - phases[i - 1]);
  s.span = phases.back() - phases.front();
  s.noise_to_amplitude = noise / amplitude;
  return s;
}

class FringeAudit : public testing::TestWithParam<FringeLaw> {};

TEST_P(FringeAudit, EverySweepIsFittedWithinItsErrorsOrNamed) {
  const std::size_t needed = 8 + 4 * static_cast<std::size_t>(GetParam());
  Audit audit;
  for (std::uint64_t draw = 0; draw < 400; ++draw) {
    const FringeSweep s = random_sweep(GetParam(), draw);
    const FringeFit fit = fit_fringe(s.volts, s.readings, {.law = GetParam()});
    const double pull = (fit.gamma - s.gamma) / fit.gamma_sigma;
    const bool right = std::abs(pull) < 6 && std::abs(std::remainder(fit.phase_rad - s.phase_rad,
                                                                     2 * pi)) < 6 * fit.phase_sigma;
    if (s.gap < 0.45 * pi && s.span > 1.6 * pi && s.noise_to_amplitude < 0.2 &&
        s.volts.size() >= needed) {
      ++audit.enough;
      audit.fitted += fit.good() && right ? 1 : 0;
      if (fit.good()) audit.squares += pull * pull;
    } else if (s.gap > 1.05 * pi || s.span < 1.4 * pi) {
      ++audit.little;
      audit.named += fit.good() ? 0 : 1;
      audit.missed += fit.good() && !right ? 1 : 0;
    }
  }
  EXPECT_GT(audit.enough, 150);
  EXPECT_GT(audit.little, 100);
  EXPECT_GE(audit.fitted, audit.enough - audit.enough / 50);  // 2 % at the edges are named
  EXPECT_LE(audit.missed, audit.little / 100);
  EXPECT_GE(audit.named, audit.little - audit.little / 50);
  // Pulls by standard deviations from few residuals are Student's: variance f / (f - 2), at
  // least 1.
  const double variance = audit.squares / audit.fitted;
  EXPECT_GT(variance, 1 - 4 * std::sqrt(2.0 / audit.fitted));
  EXPECT_LT(variance, 1.15 + 4 * std::sqrt(2.0 / audit.fitted));
}
INSTANTIATE_TEST_SUITE_P(Laws, FringeAudit,
                         testing::Values(FringeLaw::quadratic, FringeLaw::self_heating,
                                         FringeLaw::cubic));

/// A ring by its transfer (Yariv 2000) and the half width of its Airy line.
struct CoverageSpectrum {
  bool drop = false, cut = false;
  double fsr_nm = 0, width_nm = 0, centre_nm = 0, step_nm = 0, depth = 0, noise = 0;
  int lines = 0;
  std::vector<double> wavelength_nm, power;

  [[nodiscard]] double finesse() const { return fsr_nm / width_nm; }
};
CoverageSpectrum random_spectrum(std::uint64_t draw) {
  const Stream stream({.seed = 12, .purpose = Purpose::test});
  const auto u = [&](std::uint64_t i) { return stream.uniform(i, draw); };
  CoverageSpectrum s{
      .drop = draw % 2 == 0, .fsr_nm = 1 + 15 * u(0), .noise = std::pow(10, -3.5 + 2 * u(1))};
  const double t1 = 0.8 + 0.19 * u(2), t2 = 0.8 + 0.19 * u(3), a = 0.95 + 0.05 * u(4),
               x = a * t1 * t2;
  const double first = 1540 + 10 * u(5), span = s.fsr_nm * (0.6 + 4 * u(6));
  const int points = 30 + static_cast<int>(3000 * u(7) * u(7));
  s.centre_nm = first + s.fsr_nm * u(8);
  s.step_nm = span / (points - 1);
  s.width_nm = s.fsr_nm * 2 / pi * std::asin((1 - x) / (2 * std::sqrt(x)));
  s.depth = s.drop ? (1 - t1 * t1) * (1 - t2 * t2) * a / std::pow(1 - x, 2)
                   : 1 - std::pow((t1 - a * t2) / (1 - x), 2);
  for (int i = 0; i < points; ++i) {
    const double nm = first + s.step_nm * i;
    const std::complex<double> e = std::polar(1.0, 2 * pi * (nm - s.centre_nm) / s.fsr_nm);
    const double through = std::norm((t1 - a * t2 * e) / (1.0 - x * e)),
                 drop = (1 - t1 * t1) * (1 - t2 * t2) * a / std::norm(1.0 - x * e);
    s.wavelength_nm.push_back(nm);
    s.power.push_back((s.drop ? drop : through) +
                      s.noise * stream.normal(100 + static_cast<std::uint64_t>(i), draw));
  }
  for (int k = -2; k < 8; ++k) {
    const double centre = s.centre_nm + k * s.fsr_nm, inside = centre - first,
                 beyond = first + span - centre;
    s.lines += inside > 0 && beyond > 0 ? 1 : 0;
    const double edge = std::min(std::abs(inside), std::abs(beyond));
    s.cut = s.cut || edge < 1.1 * s.width_nm;
  }
  return s;
}

bool right(const CoverageSpectrum& s, const RingFit& fit) {
  if (static_cast<int>(fit.resonances.size()) != s.lines || fit.dips == s.drop) return false;
  const double broad = 8 / (s.finesse() * s.finesse());  // an Airy line is no Lorentzian
  for (const Resonance& line : fit.resonances) {
    const double off = std::remainder(line.centre_nm - s.centre_nm, s.fsr_nm);
    if (std::abs(off) > 6 * line.centre_sigma + 0.02 * broad * s.width_nm) return false;
    if (std::abs(line.width_nm - s.width_nm) > 6 * line.width_sigma + broad * s.width_nm)
      return false;
  }
  return true;
}

TEST(LongRingAudit, EverySpectrumIsFittedWithinItsErrorsOrNamed) {
  Audit audit;
  for (std::uint64_t draw = 0; draw < 600; ++draw) {
    const CoverageSpectrum s = random_spectrum(draw);
    const RingFit fit = fit_ring(s.wavelength_nm, s.power);
    if (s.lines > 0 && !s.cut && s.width_nm > 4.4 * s.step_nm && s.depth > 25 * s.noise &&
        s.finesse() > 6) {
      ++audit.enough;
      audit.fitted += fit.good() && right(s, fit) ? 1 : 0;
    } else if (s.lines == 0 || s.width_nm < 3.5 * s.step_nm || s.depth < 2 * s.noise) {
      ++audit.little;
      audit.named += fit.good() ? 0 : 1;
    }
  }
  EXPECT_GT(audit.enough, 200);
  EXPECT_GT(audit.little, 30);
  EXPECT_EQ(audit.fitted, audit.enough);
  EXPECT_EQ(audit.named, audit.little);
}

/// An Ornstein-Uhlenbeck process of unit spread at unit intervals, under noise.
std::vector<double> drift(double time_constant, double noise, int count, std::uint64_t draw) {
  const Stream stream({.seed = 13, .purpose = Purpose::test});
  const double kept = std::exp(-1 / time_constant);
  std::vector<double> values;
  double state = stream.normal(1u << 20, draw);
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    state = kept * state + std::sqrt(1 - kept * kept) * stream.normal(2 * n, draw);
    values.push_back(7 + state + noise * stream.normal(2 * n + 1, draw));
  }
  return values;
}

TEST(DriftAudit, LongSeriesAreFittedWithinTheirErrorsShortAndWhiteOnesNamed) {
  Audit audit;
  double taus = 0, spreads = 0, mean_tau = 0, mean_spread = 0;
  for (std::uint64_t draw = 0; draw < 200; ++draw) {
    const Stream stream({.seed = 14, .purpose = Purpose::test});
    const double tau = 5 + 25 * stream.uniform(0, draw), noise = 0.3 * stream.uniform(1, draw);
    const int count = static_cast<int>(tau * (100 + 100 * stream.uniform(2, draw)));
    const DriftFit fit = fit_drift(1, drift(tau, noise, count, draw));
    if (!fit.good()) continue;
    ++audit.fitted;
    const double pull = (fit.time_constant_s - tau) / fit.time_constant_error,
                 spread = (fit.sigma - 1) / fit.sigma_error;
    taus += pull * pull, mean_tau += pull;
    spreads += spread * spread, mean_spread += spread;
    const DriftFit brief = fit_drift(1, drift(200, noise, 400, draw)),
                   white = fit_drift(1, drift(0.2, noise, 400, draw));
    audit.named += (brief.good() ? 0 : 1) + (white.good() ? 0 : 1);
  }
  EXPECT_GE(audit.fitted, 196);  // 2 % look shorter than they are
  EXPECT_GE(audit.named, 2 * audit.fitted - 4);
  // To first order in tau / T, here at most 1 %: estimates are off by a few parts of that where
  // their errors are sqrt(tau / T), pulls by some tenths. Errors leave out the noise of readings:
  // variances may be up to a half larger.
  const double number = audit.fitted;
  EXPECT_LT(std::abs(mean_tau / number), 0.3 + 4 / std::sqrt(number));
  EXPECT_LT(std::abs(mean_spread / number), 0.3 + 4 / std::sqrt(number));
  for (const double variance : {taus / number, spreads / number}) {
    EXPECT_GT(variance, 1 - 4 * std::sqrt(2 / number));
    EXPECT_LT(variance, 1.5 + 4 * std::sqrt(2 / number));
  }
}

TEST(LineAudit, StraightLinesAreNotSaidToBendAndBentOnesAre) {
  int falsely = 0, found = 0;
  for (std::uint64_t draw = 0; draw < 1000; ++draw) {
    const Stream stream({.seed = 15, .purpose = Purpose::test});
    const auto rows = 5 + static_cast<std::uint64_t>(40 * stream.uniform(0, draw));
    std::vector<double> x, straight, bent;
    for (std::uint64_t row = 0; row < rows; ++row) {
      x.push_back(static_cast<double>(row));
      const double span = static_cast<double>(rows) - 1;
      const double y = 0.1 + x.back() / span + 1e-3 * stream.normal(1 + row, draw);
      straight.push_back(y);
      bent.push_back(y - 0.1 * std::pow(x.back() / span, 2));
    }
    falsely += fit_line(x, straight).problems.empty() ? 0 : 1;
    found += rows >= 10 && !fit_line(x, bent).problems.empty() ? 1 : 0;
    found += rows < 10 ? 1 : 0;
  }
  // Five standard deviations, and Student's t of two degrees of freedom has 1.5e-3 beyond its 11.
  EXPECT_LE(falsely, 4);
  EXPECT_EQ(found, 1000);
}

}  // namespace
}  // namespace lightloom::calibration
