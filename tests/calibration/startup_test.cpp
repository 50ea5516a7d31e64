#include "calibration/startup.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "calibration/mesh_fit.hpp"

namespace lightloom::calibration {
namespace {

constexpr double turn = 2 * std::numbers::pi;

TEST(Startup, RoutesEveryPortOfManyChipsAndFindsThetaWithinItsBasin) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    const ChipCard card{.modes = 9};
    const ChipShape shape = chip_shape(card);
    const std::vector<double> truth = hidden_parameters(shape, card, seed, 0);
    VirtualChip chip(shape, truth, {}, seed);
    const SweepRun run = sweep_heaters(shape, instrument_of(chip), {.seed = seed});
    EXPECT_TRUE(run.problems.empty()) << "seed " << seed << ": " << run.problems.front();
    const SweepStart start = start_from_sweeps(shape, design_start(shape, {}), run.sweeps);
    EXPECT_TRUE(start.silent.empty()) << "seed " << seed;
    for (int k = 0; k < shape.cells(); ++k) {
      const auto bias = static_cast<std::size_t>(shape.parameters.at(Kind::bias, 2 * k));
      // Calibration reference, section 6: a start within 1 rad is in the basin of the fit.
      EXPECT_LT(std::abs(std::remainder(start.parameters[bias] - truth[bias], turn)), 1)
          << "seed " << seed << ", MZI " << k;
    }
  }
}

}  // namespace
}  // namespace lightloom::calibration
