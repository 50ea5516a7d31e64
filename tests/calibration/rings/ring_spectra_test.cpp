// Spectra as laboratories measure them, from the fields of a ring: what is said of them covers the
// truth.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/rings/ring_fit.hpp"
#include "core/random/random.hpp"
#include "tests/calibration/rings/lab_ring.hpp"

namespace lightloom::calibration {
namespace {

using namespace lab;

/// A parabola in decibels: two grating couplers.
double couplers(double nm) { return std::pow(10, -1.5 - 2.5 * std::pow((nm - 1548) / 50, 2)); }

std::string all_problems(const RingFit& fit) {
  std::string text;
  for (const std::string& problem : fit.problems) text += problem + "; ";
  return text;
}

/// Lines whose interval holds the Q of the ring.
std::size_t covered(const RingFit& fit, const LabRing& ring) {
  std::size_t count = 0;
  for (const Resonance& line : fit.resonances) {
    const double truth = ring.quality(line.centre_nm);
    count += line.quality_low <= truth && truth <= line.quality_high ? 1U : 0U;
    EXPECT_NEAR(line.centre_nm, ring.resonance(line.centre_nm), 6 * line.centre_sigma + 1e-5);
  }
  return count;
}

TEST(RingSpectra, FindLinesUnderAnEnvelopeAtEitherPort) {
  const LabRing ring;
  for (const bool drop : {false, true}) {
    const LabTrace trace = lab_trace(1522, 1571, 12001, [&](double nm) {
      return couplers(nm) * (drop ? ring.drop(nm) : std::norm(ring.through(nm)));
    });
    const RingFit fit = fit_ring(trace.nm, trace.power);
    EXPECT_EQ(fit.dips, !drop);
    // FSR = 1550^2 / (4.1 * 1e5) nm = 5.86 nm: eight or nine in 49 nm.
    ASSERT_GE(fit.resonances.size(), 8u) << all_problems(fit);
    EXPECT_GE(covered(fit, ring) + 1, fit.resonances.size());
    ASSERT_EQ(fit.combs.size(), 1u);
    const Comb& comb = fit.combs[0];
    // n_g L = lambda^2 / FSR = lambda^2 |d phase / d lambda| / (2 pi).
    const double length_um =
        comb.centre_nm * comb.centre_nm * std::abs(ring.slope(comb.centre_nm)) / (2e3 * pi);
    EXPECT_NEAR(comb.optical_length_um, length_um,
                4 * comb.optical_length_sigma + 1e-4 * length_um);
  }
}

TEST(RingSpectra, FindDoubletsFanoLinesAndShallowOnes) {
  const LabRing ring;
  const double width = 1548 / ring.quality(1548);
  const double apart = 1.6 * width * std::abs(ring.slope(1548));  // of the phase
  const LabTrace split = lab_trace(1540, 1556, 9001, [&](double nm) {
    return std::norm(0.5 * (ring.through(nm, apart / 2) + ring.through(nm, -apart / 2)));
  });
  const RingFit two = fit_ring(split.nm, split.power);
  EXPECT_GE(two.resonances.size(), 4u);
  EXPECT_EQ(two.resonances.size() % 2, 0u);
  EXPECT_NE(all_problems(two).find("split"), std::string::npos);
  for (const Resonance& line : two.resonances) {
    EXPECT_TRUE(line.split);
    EXPECT_NEAR(line.quality, ring.quality(line.centre_nm), 4 * line.quality_sigma);
  }

  const Field other = std::polar(0.25, 1.0);  // light that passes the ring by
  const LabTrace fano =
      lab_trace(1540, 1556, 9001, [&](double nm) { return std::norm(ring.through(nm) + other); });
  const RingFit skew = fit_ring(fano.nm, fano.power);
  ASSERT_GE(skew.resonances.size(), 2u);
  EXPECT_GE(covered(skew, ring) + 1, skew.resonances.size());
  EXPECT_GT(std::abs(skew.resonances[0].asymmetry), 0.1);

  const LabTrace mixed = lab_trace(1530, 1566, 16001, [&](double nm) {
    return 0.75 * std::norm(ring.through(nm)) + 0.25 * std::norm(ring.through(nm, pi));
  });
  const RingFit shallow = fit_ring(mixed.nm, mixed.power);
  EXPECT_GE(shallow.resonances.size(), 11u);  // a line every 2.93 nm
  EXPECT_NE(all_problems(shallow).find("alternate"), std::string::npos) << all_problems(shallow);
}

TEST(RingSpectra, NameSaturationJumpsRippleAndHalfLines) {
  const LabRing ring;
  LabTrace trace =
      lab_trace(1540, 1556, 8001, [&](double nm) { return std::norm(ring.through(nm)); });
  for (double& p : trace.power) p = std::min(p, 0.6);
  const RingFit saturated = fit_ring(trace.nm, trace.power);
  EXPECT_NE(all_problems(saturated).find("saturated"), std::string::npos);
  ASSERT_GE(saturated.resonances.size(), 2u);
  EXPECT_GE(covered(saturated, ring), saturated.resonances.size());

  // Heated by its light: the dip is dragged along and lets go at once.
  const LabTrace dragged = lab_trace(1545, 1547, 2001, [](double nm) {
    const double u = 2 * (nm - 1546) / 0.05;
    return nm < 1546 && nm > 1545.6 ? 1 - 0.85 * (nm - 1545.6) / 0.4
           : nm < 1546              ? 1
                                    : 1 - 0.1 / (1 + u * u);
  });
  EXPECT_NE(all_problems(fit_ring(dragged.nm, dragged.power)).find("bistable"), std::string::npos);

  const LabTrace rippled = lab_trace(1530, 1566, 12001, [&](double nm) {
    return std::norm(ring.through(nm)) * (1 + 0.06 * std::cos(2 * pi * nm / 0.8));
  });
  const RingFit wavy = fit_ring(rippled.nm, rippled.power);
  ASSERT_EQ(wavy.combs.size(), 1u) << all_problems(wavy);
  EXPECT_GE(covered(wavy, ring) + 1, wavy.resonances.size());

  const double centre = ring.resonance(1546);
  const LabTrace half =
      lab_trace(centre, centre + 9, 4001, [&](double nm) { return std::norm(ring.through(nm)); });
  EXPECT_NE(all_problems(fit_ring(half.nm, half.power)).find("cut off"), std::string::npos);
}

TEST(LongRingSpectra, IntervalsOfQHoldTheTruthAsOftenAsTheySay) {
  std::size_t inside = 0, all = 0;
  for (std::uint64_t draw = 0; draw < 60; ++draw) {
    const Stream stream({.seed = 32, .purpose = Purpose::test});
    const auto u = [&](std::uint64_t i) { return stream.uniform(i, draw); };
    LabRing ring{.length_nm = 4e4 + 1e5 * u(0), .index = 2.3 + 0.2 * u(1)};
    ring.t1 = 0.93 + 0.06 * u(2);
    ring.t2 = draw % 3 == 0 ? 1.0 : 0.93 + 0.06 * u(3);
    ring.a = draw % 3 == 0 ? 0.96 + 0.03 * u(4) : 0.998;
    const double width = 1550 / ring.quality(1550), step = width / (8 + 30 * u(5));
    const int points = std::min(12000, static_cast<int>(30 / step));
    const double ripple = draw % 4 == 1 ? 0.02 * u(6) : 0, period = width * (2 + 5 * u(7));
    const LabTrace trace = lab_trace(
        1550 - points * step / 2, 1550 + points * step / 2, points,
        [&](double nm) {
          return couplers(nm) * std::norm(ring.through(nm)) *
                 (1 + ripple * std::cos(2 * pi * nm / period));
        },
        std::pow(10, -3 + u(8)), 2e-6);
    const RingFit fit = fit_ring(trace.nm, trace.power);
    all += fit.resonances.size();
    for (const Resonance& line : fit.resonances) {
      const double truth = ring.quality(line.centre_nm);
      inside += line.quality_low <= truth && truth <= line.quality_high ? 1U : 0U;
    }
  }
  EXPECT_GT(all, 150u);
  // 95 %, less four standard errors of a share of so many.
  const double share = static_cast<double>(inside) / static_cast<double>(all);
  EXPECT_GT(share, 0.95 - 4 * std::sqrt(0.95 * 0.05 / static_cast<double>(all)));
}

}  // namespace
}  // namespace lightloom::calibration
