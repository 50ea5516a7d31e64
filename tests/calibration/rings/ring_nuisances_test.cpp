// What once led the fits of rings astray, each alone.
#include <gtest/gtest.h>

#include "calibration/rings/ring_fit.hpp"
#include "tests/calibration/rings/lab_ring.hpp"

namespace lightloom::calibration {
namespace {

using namespace lab;

/// Lines whose interval holds the Q of the ring, and no wider than `share` of it.
std::size_t covered(const RingFit& fit, const LabRing& ring, double share) {
  std::size_t count = 0;
  for (const Resonance& line : fit.resonances) {
    const double truth = ring.quality(line.centre_nm);
    const bool holds = line.quality_low <= truth && truth <= line.quality_high;
    count += holds && line.quality_high - line.quality_low < share * truth ? 1U : 0U;
  }
  return count;
}

TEST(RingNuisances, ARippleOfSomeLineWidthsIsNoEnvelope) {
  const LabRing ring;
  const double width = 1550 / ring.quality(1550);
  for (const double widths : {5.0, 8.0, 11.0}) {
    const LabTrace trace = lab_trace(1530, 1566, 12001, [&](double nm) {
      return std::norm(ring.through(nm)) * (1 + 0.07 * std::cos(2 * pi * nm / (widths * width)));
    });
    const RingFit fit = fit_ring(trace.nm, trace.power);
    ASSERT_GE(fit.resonances.size(), 5u) << widths;
    EXPECT_GE(covered(fit, ring, 0.05) + 1, fit.resonances.size()) << widths;
    for (const Resonance& line : fit.resonances) EXPECT_LT(line.misfit, 1.5) << widths;
  }
}

TEST(RingNuisances, DoubletsThatJustDoNotOverlapAreFittedTogether) {
  const LabRing ring;
  const double width = 1550 / ring.quality(1550), apart = 2.7 * width * std::abs(ring.slope(1550));
  const LabTrace trace = lab_trace(
      1534, 1566, 8001,
      [&](double nm) {
        return std::norm(0.5 * (ring.through(nm, apart / 2) + ring.through(nm, -apart / 2)));
      },
      0.001);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_EQ(fit.resonances.size(), 10u);
  EXPECT_GE(covered(fit, ring, 0.01), 9u);
  for (const Resonance& line : fit.resonances) EXPECT_LT(line.misfit, 1.4);
}

TEST(RingNuisances, BroadLinesGoWithTheFrequency) {
  // Finesse 12 and 16 nm between the lines: over half of that a phase is off by half a per cent
  // if it goes with the wavelength, and the centres by eleven standard deviations.
  const LabRing ring{.length_nm = 3.66e4, .dispersion = 0, .t1 = 0.88, .t2 = 0.88, .a = 0.995};
  const LabTrace trace = lab_trace(
      1500, 1600, 4001, [&](double nm) { return std::norm(ring.through(nm)); }, 2e-4, 2e-6);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_EQ(fit.resonances.size(), 6u);
  EXPECT_GE(covered(fit, ring, 0.02), 5u);
  for (const Resonance& line : fit.resonances)
    EXPECT_NEAR(line.centre_nm, ring.resonance(line.centre_nm), 4 * line.centre_sigma);
}

TEST(RingNuisances, ARippleThatEveryLineTakesForItsShapeIsSeenByAllTogether) {
  // As large as the noise, three periods beside a line: each line alone absorbs it.
  const LabRing ring;
  for (const double period_nm : {1.1, 1.7}) {
    const LabTrace trace = lab_trace(
        1522, 1571, 6001,
        [&](double nm) { return ring.drop(nm) * (1 + 0.012 * std::cos(2 * pi * nm / period_nm)); },
        0.008, 1e-5);
    const RingFit fit = fit_ring(trace.nm, trace.power);
    ASSERT_GE(fit.resonances.size(), 8u) << period_nm;
    EXPECT_GE(covered(fit, ring, 0.1) + 1, fit.resonances.size()) << period_nm;
  }
}

TEST(RingNuisances, ASaturatedDetectorBoundsTheBaseOfItsLines) {
  // What is cut off is at least as high as the cut: without that, intervals are half as wide again
  // and more.
  const LabRing ring{.t1 = 0.9, .t2 = 0.9};
  LabTrace trace = lab_trace(
      1522, 1571, 4001, [&](double nm) { return std::norm(ring.through(nm)); }, 0.005);
  for (double& p : trace.power) p = std::min(p, 0.6);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_EQ(fit.resonances.size(), 8u);
  EXPECT_GE(covered(fit, ring, 0.1), 7u);
  EXPECT_GE(covered(fit, ring, 0.045), 3u);
  EXPECT_FALSE(fit.good());
}

TEST(RingNuisances, LightThatPassesTwoRingsAtOnceIsASumOfTheirPoles) {
  const LabRing ring;
  const double off = 0.9 * 1550 / ring.quality(1550) * std::abs(ring.slope(1550));
  const LabTrace trace = lab_trace(
      1534, 1566, 8001,
      [&](double nm) { return std::norm(ring.through(nm) * ring.through(nm, off)); }, 0.001);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_GE(fit.resonances.size(), 10u);
  EXPECT_GE(covered(fit, ring, 0.05), 9u);
}

}  // namespace
}  // namespace lightloom::calibration
