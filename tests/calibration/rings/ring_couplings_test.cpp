#include "calibration/rings/ring_couplings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "photonic/devices/ring.hpp"

namespace lightloom::calibration {
namespace {

/// The spectrum of a ring, 20 nm of it, without noise.
RingFit fit_of(const photonic::Ring& ring, bool drop) {
  const double fsr_nm = photonic::ring_fsr_nm(4.2, 80, 1550);
  std::vector<double> nm, power;
  for (int i = 0; i <= 8000; ++i) {
    nm.push_back(1540 + i * 0.0025);
    const photonic::RingPower p =
        photonic::ring_power(ring, 2 * std::numbers::pi * (nm.back() - 1545) / fsr_nm);
    power.push_back(drop ? p.drop : p.through);
  }
  return fit_ring(nm, power);
}

TEST(RingCouplings, GiveBackTheRingThatMadeTheSpectrum) {
  const photonic::Ring equal{
      .self_coupling_in = 0.96, .self_coupling_drop = 0.96, .turn_amplitude = 0.98};
  const RingCouplings through = ring_couplings(fit_of(equal, false), RingLayout::add_drop, 0, 1);
  EXPECT_NEAR(through.self_coupling_in, 0.96, 1e-3);
  EXPECT_NEAR(through.self_coupling_drop, 0.96, 1e-3);
  EXPECT_NEAR(through.turn_amplitude, 0.98, 1e-3);
  EXPECT_NEAR(through.feedback, 0.96 * 0.96 * 0.98, 1e-3);

  const RingCouplings drop = ring_couplings(fit_of(equal, true), RingLayout::add_drop, 0, 0.98);
  EXPECT_NEAR(drop.self_coupling_in, 0.96, 1e-3);
  EXPECT_DOUBLE_EQ(drop.turn_amplitude, 0.98);

  const photonic::Ring alone{
      .self_coupling_in = 0.98, .self_coupling_drop = 1, .turn_amplitude = 0.95};
  const RingFit spectrum = fit_of(alone, false);
  const RingCouplings under = ring_couplings(spectrum, RingLayout::all_pass_under, 0, 1),
                      over = ring_couplings(spectrum, RingLayout::all_pass_over, 0, 1);
  EXPECT_NEAR(under.self_coupling_in, 0.98, 1e-3);
  EXPECT_NEAR(under.turn_amplitude, 0.95, 1e-3);
  EXPECT_NEAR(over.self_coupling_in, 0.95, 1e-3);  // one spectrum, two rings
  EXPECT_NEAR(over.turn_amplitude, 0.98, 1e-3);
  // Loss alone: Q of the ring without the bus is pi n_g L sqrt(a) / (lambda (1 - a)).
  const double nm = spectrum.resonances[0].centre_nm,
               intrinsic = std::numbers::pi * 4.2 * 80e3 * std::sqrt(0.95) / (nm * 0.05);
  EXPECT_NEAR(spectrum.resonances[0].intrinsic_under, intrinsic, 0.02 * intrinsic);
}

TEST(RingCouplings, NeedLinesAndAFreeSpectralRange) {
  EXPECT_THROW(ring_couplings({}, RingLayout::add_drop, 10, 1), Error);
  RingFit one;
  one.resonances.push_back({.centre_nm = 1550, .width_nm = 0.1, .depth = 0.5});
  EXPECT_THROW(ring_couplings(one, RingLayout::add_drop, 0, 1), Error);
}

}  // namespace
}  // namespace lightloom::calibration
