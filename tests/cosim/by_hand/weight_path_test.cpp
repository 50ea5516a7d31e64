// Cores whose weights come by a path of its own rate.
#include <gtest/gtest.h>

#include "cosim/network/network_plan.hpp"
#include "tests/cosim/by_hand/hand_generation.hpp"

namespace lightloom::cosim::weight_path_tests {
namespace {

StageCost programming(const CostInput& input) {
  return hand_stage(simulate_cost(input), Stage::program);
}

/// Time of a part of the stage, of all cores.
double busy_ns(const CostInput& input, TimePart part) {
  return programming(input).busy_parts_ns[part] * input.schedule.cores;
}

// A transfer of 40 ns for each visit of a tile, in place of 16 rounds of lanes; 70 ns to settle.
TEST(WeightPath, AWholeTileComesInOneTransferAndSettles) {
  for (auto [name, input] : hand_cases()) {
    input.core.cost.weight_path = {.rate_MHz = 25};
    const double visits = hand_layer(input).visits();
    EXPECT_NEAR(busy_ns(input, TimePart::weight_path), visits * 40, 1e-9 * visits * 40) << name;
    EXPECT_NEAR(busy_ns(input, TimePart::programming), visits * 70, 1e-9 * visits * 70) << name;
  }
}

TEST(WeightPath, RowsThatAreUsedComeOneByOne) {
  for (auto [name, input] : hand_cases()) {
    input.core.cost.weight_path = {.rate_MHz = 25, .by_row = true};
    const HandLayer layer = hand_layer(input);
    double rows = 0;
    for (const HandTile& tile : layer.tiles) rows += tile.rows * layer.blocks;
    EXPECT_NEAR(busy_ns(input, TimePart::weight_path), rows * 40, 1e-9 * rows * 40) << name;
  }
}

TEST(WeightPath, ItsEnergyIsThatOfTheSettings) {
  CostInput input = hand_cases().front().input;
  const Energies before = simulate_cost(input).energy_pJ;
  input.core.cost.weight_path = {.rate_MHz = 25, .by_row = true};
  EXPECT_EQ(simulate_cost(input).energy_pJ[Component::programming], before[Component::programming]);
}

TEST(WeightPath, ASlowOneBindsTheLayer) {
  CostInput input = hand_cases().front().input;
  EXPECT_NE(simulate_cost(input).bound_by, TimePart::weight_path);
  input.core.cost.weight_path = {.rate_MHz = 0.1};
  const CostReport report = simulate_cost(input);
  EXPECT_EQ(report.bound_by, TimePart::weight_path);
  EXPECT_EQ(report.layers[0].bound_by, TimePart::weight_path);
  // Nothing overlaps with it: each of the tiles, one after the other, waits for its own.
  EXPECT_NEAR(report.critical_parts_ns[TimePart::weight_path],
              hand_layer(input).visits() / input.schedule.cores * 1e4, 1e-6);
}

TEST(WeightPath, RegeneratedWeightsGoBesideItIfTheyAreMadeBehindIt) {
  GeneratorCard electronic;
  electronic.kind = "electronic";
  for (auto [name, input] : hand_generations(electronic)) {
    input.core.cost.weight_path = {.rate_MHz = 25};
    EXPECT_GT(busy_ns(input, TimePart::weight_path), 0) << name;
    input.core.cost.weight_path.behind_generator = false;
    EXPECT_EQ(busy_ns(input, TimePart::weight_path), 0) << name;
    const double visits = hand_layer(input).visits();
    EXPECT_NEAR(busy_ns(input, TimePart::programming), visits * (16 / 1.25 + 70), 1e-6) << name;
  }
}

// The machine of Ahmed et al.: 40 ns a tile or 128 x 40 ns, at two nanoseconds an input vector.
TEST(WeightPath, ATileOfThePublishedMachineTakesFortyNanosecondsOrFiveMicroseconds) {
  CostInput input = hand_card();
  input.core.rows = input.core.columns = 128;
  input.core.cost.symbol_rate_GHz = 0.5;
  nn::LayerShape square{.name = "square",
                        .kind = nn::LayerShape::Kind::linear,
                        .in_channels = 128,
                        .out_channels = 128};
  input.layers = {reload_layer(square, 8)};
  input.core.cost.weight_path = {.rate_MHz = 25};
  EXPECT_NEAR(busy_ns(input, TimePart::weight_path), 40, 1e-9);
  input.core.cost.weight_path.by_row = true;
  EXPECT_NEAR(busy_ns(input, TimePart::weight_path), 5120, 1e-9);
}

}  // namespace
}  // namespace lightloom::cosim::weight_path_tests
