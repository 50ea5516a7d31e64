#include "photonic/cores/kinds/ring_set_points.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"
#include "tests/oracles/ring_fields.hpp"

namespace lightloom::photonic {
namespace {

double largest_difference(std::span<const double> a, std::span<const double> b) {
  double most = 0;
  for (std::size_t k = 0; k < a.size(); ++k) most = std::max(most, std::abs(a[k] - b[k]));
  return most;
}

TEST(RingSetPoints, EveryPatternOfFullWeightsOfTheCertainRangeIsMade) {
  // All 3^8 buses of ternary weights, by the fields of all rings: the hardest that can be asked.
  const Ring ring;
  const RingBus bus(ring, 8);
  const RingBusRange range = certain_range_for(bus, 0.78);
  EXPECT_GT(range.weight, 0.65);
  RingSetPoints solver(bus, {.reach_rad = range.reach_rad, .tolerance = 1e-6});
  std::vector<double> wanted(8), phases(8);
  int rounds = 0, buses = 0;
  for (int pattern = 0; pattern < 6561; ++pattern) {
    for (int k = 0, rest = pattern; k < 8; ++k, rest /= 3)
      wanted[static_cast<std::size_t>(k)] = range.weight * (rest % 3 - 1);
    const RingBusMiss miss = solver.solve(wanted, phases);
    ASSERT_LT(largest_difference(oracle::bus_weights(ring, phases, 8), wanted), 2e-6) << pattern;
    EXPECT_EQ(miss.missed, 0);
    EXPECT_GE(*std::min_element(phases.begin(), phases.end()), 0);
    EXPECT_LE(*std::max_element(phases.begin(), phases.end()), range.reach_rad);
    rounds += miss.rounds;
    ++buses;
  }
  EXPECT_LE(rounds, 6 * buses);
}

TEST(RingSetPoints, AllowForUnevenRingsPartEmptyBusesAndTheLossOfCarriers) {
  const Ring ring{0.93, 0.96, 0.99};
  const Stream stream({.seed = 6});
  for (const double loss : {0.0, 0.3}) {
    const RingBus bus(ring, 5, loss);
    const RingBusRange range = certain_range_for(bus, 0.6);
    ASSERT_GT(range.weight, 0.15);
    RingSetPoints solver(bus, {.reach_rad = range.reach_rad, .tolerance = 1e-6});
    for (std::uint64_t shot = 0; shot < 300; ++shot) {
      const std::size_t rings = 1 + stream.below(5, 9, shot);
      std::vector<double> wanted(rings), phases(rings), got(rings);
      for (std::size_t k = 0; k < rings; ++k)
        wanted[k] = range.weight * (2 * stream.uniform(k, shot) - 1);
      EXPECT_EQ(solver.solve(wanted, phases).missed, 0);
      std::vector<Ring> own(rings, ring);
      for (std::size_t k = 0; k < rings; ++k) own[k].turn_amplitude *= std::exp(-loss * phases[k]);
      const oracle::BusLight light = oracle::bus_light(own, phases, 5);
      for (std::size_t k = 0; k < rings; ++k)
        EXPECT_NEAR(light.drop[k] - light.through[k], wanted[k], 2e-6);
    }
  }
}

TEST(RingSetPoints, TakesAsManyRoundsAsAreCharged) {
  const RingBus bus(Ring{}, 8);
  const RingBusRange range = certain_range_for(bus, 0.78);
  RingSetPoints solver(bus, {.reach_rad = range.reach_rad, .tolerance = 1e-6});
  const Stream stream({.seed = 7});
  std::vector<double> wanted(8), phases(8);
  constexpr int buses = 1000;
  int rounds = 0;
  for (std::uint64_t shot = 0; shot < buses; ++shot) {
    for (std::size_t k = 0; k < 8; ++k)
      wanted[k] = range.weight * (2 * stream.uniform(k, shot) - 1);
    rounds += solver.solve(wanted, phases).rounds;
  }
  EXPECT_LE(rounds, ring_set_point_rounds * buses);
  EXPECT_GT(rounds, (ring_set_point_rounds - 1) * buses);
}

/// Squared miss of the best phases within the reach that a walk of ever smaller steps along single
/// phases finds, from a start of its own: knows nothing of derivatives.
double walked_miss(const Ring& ring, std::span<const double> wanted, double reach,
                   std::vector<double> phases) {
  const auto miss = [&] {
    double sum = 0;
    const std::vector<double> got =
        oracle::bus_weights(ring, phases, static_cast<int>(wanted.size()));
    for (std::size_t k = 0; k < wanted.size(); ++k)
      sum += (wanted[k] - got[k]) * (wanted[k] - got[k]);
    return sum;
  };
  double best = miss();
  for (double step = reach / 8; step > 1e-5;) {
    bool moved = false;
    for (double& phase : phases) {
      for (const double by : {step, -step}) {
        const double before = phase;
        phase = std::clamp(phase + by, 0.0, reach);
        if (const double next = miss(); next < best) {
          best = next;
          moved = true;
        } else {
          phase = before;
        }
      }
    }
    if (!moved) step /= 2;
  }
  return best;
}

TEST(RingSetPoints, WhatNoSettingMakesIsLeastSquaresAndCounted) {
  // Weights of +-0.95 on six lines: neighbours' wings alone take more. Over many buses a walk from
  // four random starts each leaves no less than the solver, to the 1e-5 rad of its last step; and
  // the misses counted are those that the fields show.
  constexpr std::size_t n = 6;
  for (const auto& [ring, reach] : {std::pair{Ring{}, 0.9 * std::numbers::pi / n},
                                    {Ring{0.85, 0.86, 0.99}, 2 * std::numbers::pi / n}}) {
    const RingBus bus(ring, n);
    RingSetPoints solver(bus, {.reach_rad = reach, .tolerance = 0.01});
    const Stream stream({.seed = 8});
    double left = 0, walked = 0;
    constexpr std::uint64_t buses = 40;
    for (std::uint64_t shot = 0; shot < buses; ++shot) {
      std::vector<double> wanted(n), phases(n);
      for (std::size_t k = 0; k < n; ++k) wanted[k] = stream.uniform(k, shot) < 0.6 ? -0.95 : 0.95;
      wanted[0] = wanted[1] = -0.95;
      const RingBusMiss found = solver.solve(wanted, phases);
      const std::vector<double> got = oracle::bus_weights(ring, phases, n);
      int missed = 0;
      double squared = 0;
      for (std::size_t k = 0; k < n; ++k) {
        missed += std::abs(got[k] - wanted[k]) > 0.01 ? 1 : 0;
        squared += (got[k] - wanted[k]) * (got[k] - wanted[k]);
      }
      EXPECT_EQ(found.missed, missed);
      EXPECT_GT(found.missed, 0);
      EXPECT_NEAR(found.squared, squared, 1e-12);
      EXPECT_GE(*std::min_element(phases.begin(), phases.end()), 0);
      EXPECT_LE(*std::max_element(phases.begin(), phases.end()), reach);
      double best = walked_miss(ring, wanted, reach, std::vector<double>(n, reach / 2));
      for (std::uint64_t start = 0; start < 4; ++start) {
        std::vector<double> from(n);
        for (std::size_t k = 0; k < n; ++k) from[k] = reach * stream.uniform(100 * start + k, shot);
        best = std::min(best, walked_miss(ring, wanted, reach, from));
      }
      left += squared;
      walked += best;
    }
    EXPECT_LE(left, 1.001 * walked);
  }
}

TEST(RingSetPoints, StayWithinTheReachAlsoWhereMoreWouldArrive) {
  const Ring ring;
  const RingBus bus(ring, 2);
  const double reach = ring_phase_for(ring, -0.5);
  RingSetPoints solver(bus, {.reach_rad = reach, .tolerance = 0.01});
  const std::vector<double> wanted{-0.8, 0.3};
  std::vector<double> phases(2);
  EXPECT_EQ(solver.solve(wanted, phases).missed, 1);
  EXPECT_DOUBLE_EQ(phases[0], reach);
  EXPECT_NEAR(oracle::bus_weights(ring, phases, 2)[1], 0.3, 1e-3);
}

}  // namespace
}  // namespace lightloom::photonic
