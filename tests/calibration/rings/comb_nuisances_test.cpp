// What a whole comb tells of each of its lines: ripples, envelopes, lines of others between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "calibration/rings/ring_fit.hpp"
#include "tests/calibration/rings/lab_ring.hpp"

namespace lightloom::calibration {
namespace {

using namespace lab;

/// Lines whose interval holds the Q of the ring.
std::size_t held(const RingFit& fit, const LabRing& ring) {
  return static_cast<std::size_t>(
      std::count_if(fit.resonances.begin(), fit.resonances.end(), [&](const Resonance& line) {
        const double truth = ring.quality(line.centre_nm);
        return line.quality_low <= truth && truth <= line.quality_high;
      }));
}

bool tells(const RingFit& fit, const std::string& what) {
  return std::any_of(fit.problems.begin(), fit.problems.end(), [&](const std::string& problem) {
    return problem.find(what) != std::string::npos;
  });
}

/// Light between two facets of amplitude reflection r^2 together, over its mean.
double etalon(double r, double phase) {
  return (1 - r * r) / std::norm(1.0 - std::polar(r, phase));
}

TEST(CombNuisances, WhatLorentziansLeaveOfACombIsNoRipple) {
  // Finesse 11: between lines the residuals of Lorentzians have the period of the lines.
  const LabRing ring{.t1 = 0.87, .t2 = 0.87};
  const double width = 1550 / ring.quality(1550);
  const LabTrace trace = lab_trace(1530, 1562, 4001, [&](double nm) {
    return ring.drop(nm) * etalon(0.009, 2 * pi * nm / (5 * width));
  });
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_GE(fit.resonances.size(), 5u);
  EXPECT_GE(held(fit, ring) + 1, fit.resonances.size());
  for (const Resonance& line : fit.resonances) EXPECT_NEAR(line.asymmetry, 0, 0.01);
}

TEST(CombNuisances, ALongRippleIsSeenThroughWhatTheLinesTakeOfIt) {
  // One period over the piece of a line: without it Q is off by 1.3 % and by 4 %.
  const LabRing ring;
  const double width = 1550 / ring.quality(1550);
  for (const auto& [widths, phase] : {std::pair{17.0, 4.0}, {14.0, 2.0}}) {
    const double period_nm = widths * width, turn = phase;
    const LabTrace trace = lab_trace(
        1528, 1562, 9001,
        [&](double nm) {
          return ring.drop(nm) * (1 + 0.024 * std::cos(2 * pi * nm / period_nm + turn));
        },
        0.006, 1e-6);
    const RingFit fit = fit_ring(trace.nm, trace.power);
    ASSERT_EQ(fit.resonances.size(), 6u) << widths;
    EXPECT_GE(held(fit, ring), 5u) << widths;
    for (const Resonance& line : fit.resonances)
      EXPECT_LT(line.quality_high - line.quality_low, 0.01 * line.quality) << widths;
  }
}

TEST(CombNuisances, FacetsMakeAnEtalonWhichIsNoCosine) {
  const LabRing ring;
  const double width = 1550 / ring.quality(1550);
  const LabTrace trace = lab_trace(
      1526, 1558, 6001,
      [&](double nm) {
        return std::norm(ring.through(nm)) * etalon(0.04, 2 * pi * nm / (9 * width));
      },
      3e-4);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_GE(fit.resonances.size(), 5u);
  EXPECT_GE(held(fit, ring) + 1, fit.resonances.size());
  for (const Resonance& line : fit.resonances) EXPECT_LT(line.misfit, 1.2);
}

TEST(CombNuisances, PeaksOfLowFinesseAreFittedOnTheEnvelopeThatTheirHeightsShow) {
  const LabRing ring{.length_nm = 4e4, .t1 = 0.91, .t2 = 0.91};
  const LabTrace trace = lab_trace(
      1510, 1600, 3001,
      [&](double nm) { return ring.drop(nm) * std::pow(10, -1.7 * std::pow((nm - 1550) / 50, 2)); },
      8e-4, 1e-7);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_GE(fit.resonances.size(), 5u);
  EXPECT_GE(held(fit, ring) + 1, fit.resonances.size());
  for (const Resonance& line : fit.resonances) EXPECT_NEAR(line.asymmetry, 0, 0.015);
}

TEST(CombNuisances, ReadingsThatStandAloneHideNoLines) {
  const LabRing ring;
  LabTrace trace =
      lab_trace(1522, 1571, 6001, [&](double nm) { return std::norm(ring.through(nm)); });
  for (const std::size_t i : {500u, 2345u, 4100u}) trace.power[i] *= i == 2345u ? 0.4 : 1.7;
  const RingFit fit = fit_ring(trace.nm, trace.power);
  EXPECT_TRUE(fit.dips);
  ASSERT_GE(fit.resonances.size(), 8u);
  EXPECT_GE(held(fit, ring) + 1, fit.resonances.size());
  EXPECT_TRUE(fit.good());
  EXPECT_EQ(fit.notes.size(), 3u);
}

TEST(CombNuisances, OfTwoInterleavedCombsEachHasItsOwnPeriodAndTheOthersBesideIt) {
  // Two polarisations half a period apart under an envelope that changes depths twentyfold.
  const LabRing ring{.t1 = 0.88, .t2 = 0.88};
  LabRing other = ring;
  other.index += 1550 / (2 * ring.length_nm);
  const LabTrace trace = lab_trace(
      1530, 1570, 3001,
      [&](double nm) {
        return (0.75 * ring.drop(nm) + 0.25 * other.drop(nm)) *
               std::pow(10, -1.3 * std::pow((nm - 1550) / 32, 2));
      },
      0.002, 1e-6);
  const RingFit fit = fit_ring(trace.nm, trace.power);
  ASSERT_GE(fit.resonances.size(), 12u);
  EXPECT_TRUE(tells(fit, "depths alternate"));
  for (const Resonance& line : fit.resonances) {
    // As one comb each Q is 2.5 % and more too high; the two usual widths are 1 % from their mean.
    EXPECT_NEAR(line.quality / ring.quality(line.centre_nm), 1, 0.015);
    EXPECT_LT(line.quality_high - line.quality_low, 0.04 * line.quality);
  }
}

}  // namespace
}  // namespace lightloom::calibration
