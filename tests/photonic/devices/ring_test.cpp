#include "photonic/devices/ring.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

TEST(Ring, PowersAreThoseOfTheFieldFormulas) {
  const Ring ring{0.93, 0.97, 0.98};
  using C = std::complex<double>;
  for (double phase = -3; phase < 3; phase += 0.37) {
    const C turn = std::polar(1.0, phase);
    const double t1 = 0.93, t2 = 0.97, a = 0.98;
    const C below = 1.0 - t1 * t2 * a * turn;
    const C through = (t1 - t2 * a * turn) / below;
    const C drop =
        -std::sqrt((1 - t1 * t1) * (1 - t2 * t2) * a) * std::polar(1.0, phase / 2) / below;
    // Both are of order 1 and divide by |below|^2, whose relative round-off is that of 1 over its
    // size.
    const double round_off =
        4 * std::numeric_limits<double>::epsilon() * (1 + 1 / std::norm(below));
    EXPECT_NEAR(ring_power(ring, phase).through, std::norm(through), round_off);
    EXPECT_NEAR(ring_power(ring, phase).drop, std::norm(drop), round_off);
  }
}

TEST(Ring, LosslessRingKeepsEnergy) {
  const Ring ring{0.9, 0.95, 1.0};
  for (double phase = 0; phase < 6; phase += 0.31) {
    const RingPower power = ring_power(ring, phase);
    EXPECT_NEAR(power.through + power.drop, 1, 1e-14);
  }
}

TEST(Ring, PhaseForAWeightGivesTheWeight) {
  const Ring ring;
  const double low = ring_weight(ring, pi), high = ring_weight(ring, 0);
  for (double w = low + 1e-6; w < high; w += 0.05)
    EXPECT_NEAR(ring_weight(ring, ring_phase_for(ring, w)), w, 1e-12);
  EXPECT_EQ(ring_phase_for(ring, 1.0), 0);
}

TEST(Ring, FinesseIsSeenInASweptSpectrum) {
  const Ring ring;
  const double half = ring_power(ring, 0).drop / 2;
  double width = 0;
  constexpr int steps = 2000000;
  for (int i = 0; i < steps; ++i)
    width += ring_power(ring, 2 * pi * (i + 0.5) / steps).drop > half ? 1.0 / steps : 0;
  EXPECT_NEAR(ring_finesse(ring) * width, 1, 1e-4);
}

TEST(Ring, QualityIsThatOfTheReferencesPresets) {
  // All-pass presets as an add-drop ring with t2 = 1: a, t0 of TorchONN, n_g = 2.353, radius 5 um,
  // 1550 nm.
  const double around = 2 * pi * 5;
  EXPECT_NEAR(ring_quality({0.99, 1, 0.987}, 2.353, around, 1550), 6480, 30);
  EXPECT_NEAR(ring_quality({0.93, 1, 0.925}, 2.353, around, 1550), 1000, 10);
  // FSR over quality's line width is the finesse, to the order in which the Lorentzian is the Airy
  // function.
  const Ring ring;
  const double finesse =
      ring_fsr_nm(4.2, around, 1550) * ring_quality(ring, 4.2, around, 1550) / 1550;
  EXPECT_NEAR(finesse / ring_finesse(ring), 1, 2e-3);
}

}  // namespace
}  // namespace lightloom::photonic
