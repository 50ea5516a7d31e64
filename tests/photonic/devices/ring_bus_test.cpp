#include "photonic/devices/ring_bus.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"
#include "tests/oracles/ring_fields.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

TEST(RingBus, IsTheProductOfItsRings) {
  const Ring ring{0.94, 0.96, 0.99};
  constexpr int channels = 5;
  const RingBus bus(ring, channels);
  const std::vector<double> phases{0.0, 0.1, 0.02, 0.3, 0.05};
  std::vector<double> weights(channels);
  bus.weights(phases, weights);
  for (int k = 0; k < channels; ++k) {
    double through = 1, drop = 0;
    for (int j = 0; j < channels; ++j) {
      const RingPower power =
          ring_power(ring, phases[static_cast<std::size_t>(j)] + 2 * pi * (k - j) / channels);
      drop += through * power.drop;
      through *= power.through;
    }
    EXPECT_NEAR(weights[static_cast<std::size_t>(k)], drop - through, 1e-13);
  }
}

TEST(RingBus, IsWhatComplexFieldsGiveAlsoWhereCarriersTakeLight) {
  const Ring ring{0.93, 0.97, 0.985};
  constexpr double loss = 0.4;
  constexpr int channels = 7;
  const RingBus bus(ring, channels, loss);
  const Stream stream({.seed = 3});
  for (std::uint64_t shot = 0; shot < 50; ++shot) {
    const std::size_t rings = 1 + stream.below(channels, 100, shot);  // buses may be part empty
    std::vector<double> drives(rings), phases(rings), weights(rings);
    std::vector<Ring> own(rings, ring);
    for (std::size_t j = 0; j < rings; ++j) {
      drives[j] = stream.uniform(j, shot) - 0.3;
      phases[j] = drives[j] + 0.01 * stream.normal(20 + j, shot);
      own[j].turn_amplitude *= std::exp(-loss * std::abs(drives[j]));
    }
    bus.weights(phases, drives, weights);
    const oracle::BusLight light = oracle::bus_light(own, phases, channels);
    for (std::size_t k = 0; k < rings; ++k)
      EXPECT_NEAR(weights[k], light.drop[k] - light.through[k], 1e-13);
  }
}

TEST(RingBus, SlopesAreThoseOfDifferences) {
  // Central differences of step h are off by h^2 / 6 of the third derivative, which of a line of
  // half width 0.1 is at most some 1e4, and by 1e-16 / h of rounding: 2e-7 at h = 1e-5.
  const Stream stream({.seed = 4});
  for (const double loss : {0.0, 0.5}) {
    const RingBus bus({0.94, 0.96, 0.99}, 6, loss);
    for (std::uint64_t shot = 0; shot < 20; ++shot) {
      const std::size_t rings = 4 + stream.below(3, 100, shot);
      std::vector<double> phases(rings), above(rings), below(rings);
      for (std::size_t j = 0; j < rings; ++j) phases[j] = 0.02 + 0.5 * stream.uniform(j, shot);
      RingBusSlopes found;
      bus.slopes(phases, found);
      bus.weights(phases, above);
      for (std::size_t k = 0; k < rings; ++k) EXPECT_NEAR(found.weights[k], above[k], 1e-13);
      for (std::size_t j = 0; j < rings; ++j) {
        constexpr double h = 1e-5;
        std::vector<double> moved = phases;
        moved[j] += h;
        bus.weights(moved, above);
        moved[j] -= 2 * h;
        bus.weights(moved, below);
        for (std::size_t k = 0; k < rings; ++k)
          EXPECT_NEAR(found.slopes[j * rings + k], (above[k] - below[k]) / (2 * h), 2e-7)
              << loss << " ring " << j << " line " << k;
      }
    }
  }
}

TEST(RingBus, CertainRangeBoundsEveryWeightOfARingAtEitherEndOfItsReach) {
  // What the theorem asks of the map: whatever the other rings do, a ring on resonance gives at
  // least W and one at its reach at most -W. The others at random, half of them where they harm.
  const Stream stream({.seed = 5});
  for (const auto& [ring, channels, loss] :
       {std::tuple{Ring{}, 8, 0.0}, {Ring{0.93, 0.97, 0.99}, 4, 0.3}, {Ring{}, 3, 0.0}}) {
    const RingBus bus(ring, channels, loss);
    const RingBusRange range = certain_range_for(bus, 0.9);
    ASSERT_GT(range.weight, 0.15);
    const auto n = static_cast<std::size_t>(channels);
    double closest = 1;
    for (std::uint64_t shot = 0; shot < 2000; ++shot) {
      // Corners attain the bound, to the rounding of products of eight factors near 1.
      constexpr double rounding = 1e-14;
      std::vector<double> phases(n), weights(n);
      const std::size_t k = stream.below(n, 50, shot);
      for (std::size_t j = 0; j < n; ++j) {
        const double drawn = stream.uniform(j, shot);
        phases[j] = range.reach_rad * (shot % 2 == 0 ? drawn : std::round(drawn));
      }
      phases[k] = 0;
      bus.weights(phases, weights);
      EXPECT_GE(weights[k], range.weight - rounding);
      phases[k] = range.reach_rad;
      bus.weights(phases, weights);
      EXPECT_LE(weights[k], -range.weight + rounding);
      closest = std::min(closest, -range.weight - weights[k]);
    }
    // Without loss a corner attains the bound.
    if (loss == 0) {
      EXPECT_LT(closest, 1e-6);
    }
  }
}

TEST(RingBus, OneRingIsCertainOfAllItsWeights) {
  const Ring ring;
  const RingBusRange range = certain_range_for(RingBus(ring, 1), 0.75);
  EXPECT_NEAR(range.reach_rad, ring_phase_for(ring, -0.75), 1e-8);
  EXPECT_NEAR(range.weight, 0.75, 1e-7);
}

}  // namespace
}  // namespace lightloom::photonic
