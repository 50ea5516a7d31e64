// Weights that stay on the cores from batch to batch.

#include <gtest/gtest.h>

#include "cosim/network/network_plan.hpp"
#include "cosim/network/residency.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// Two layers of 9 and 2 tiles of 64 x 64 on so many cores without copies.
CostInput eleven_tiles(int cores) {
  CostInput input{
      .layers = {reload_layer(conv(64, 64, 3, 9), 8), reload_layer(conv(64, 128, 1, 9), 8)},
      .core = round_core()};
  input.core.cost.decompose_operations = 1000;
  input.schedule.cores = cores;
  input.schedule.replicate = false;
  return input;
}

constexpr Component of_weights[] = {Component::weight_buffer, Component::decomposition,
                                    Component::programming,   Component::generator,
                                    Component::tile_buffer,   Component::generator_converters};

double spent_on_weights(const CostReport& report) {
  double sum = 0;
  for (const Component component : of_weights) sum += report.energy_pJ[component];
  return sum;
}

TEST(OnCores, WhereEveryTileHasACoreOnlyTheFirstBatchWritesThem) {
  const auto [first, steady] = simulate_stream(eleven_tiles(11));
  EXPECT_EQ(first.energy_pJ[Component::programming], 11 * 4096 * 10);
  EXPECT_FALSE(first.weights_on_cores);
  EXPECT_TRUE(steady.weights_on_cores);
  EXPECT_EQ(spent_on_weights(steady), 0);
  EXPECT_EQ(steady.traffic.weight_bytes, 0);
  EXPECT_EQ(steady.resident_bytes, 0);  // the weight buffer is not needed
  EXPECT_EQ(steady.critical_parts_ns[TimePart::programming], 0);
  EXPECT_EQ(steady.critical_parts_ns[TimePart::settings], 0);
  EXPECT_LT(steady.time_ns, first.time_ns - 100);  // the settling of a tile
  for (const Component c : {Component::laser, Component::input_converters,
                            Component::output_converters, Component::activation_buffer})
    EXPECT_NEAR(steady.energy_pJ[c] / first.energy_pJ[c], 1, 1e-12) << component_name(c);
  for (const Component c : {Component::hold, Component::core_static})
    EXPECT_NEAR(steady.energy_pJ[c] / steady.time_ns, first.energy_pJ[c] / first.time_ns, 1e-9);
}

TEST(OnCores, OneCoreTooFewWritesAllOfThemAgain) {
  const auto [first, steady] = simulate_stream(eleven_tiles(10));
  EXPECT_FALSE(steady.weights_on_cores);
  EXPECT_EQ(steady.energy_pJ[Component::programming], 11 * 4096 * 10);
  EXPECT_EQ(first.energy_pJ[Component::programming], 11 * 4096 * 10);
}

// One layer of one tile with an input of 16 x 16 vectors of 64 values from DRAM, 8 bits each, and
// results that go back there: what is left of a batch is input, 256 symbols of 1 ns, and output.
TEST(OnCores, WhatIsLeftOfABatchIsItsDataAndItsSymbols) {
  CostInput input{.layers = {reload_layer(conv(64, 64, 1, 16), 8)}, .core = round_core()};
  const CostReport steady = simulate_stream(input).steady;
  ASSERT_TRUE(steady.weights_on_cores);
  double others = 0;
  for (const TimePart part : {TimePart::dram, TimePart::dram_latency, TimePart::dram_turnaround,
                              TimePart::post_processing})
    others += steady.critical_parts_ns[part];
  const double computing = steady.critical_parts_ns[TimePart::core] +
                           steady.critical_parts_ns[TimePart::activation_buffer];
  EXPECT_GE(computing, 256);
  EXPECT_NEAR(steady.time_ns, others + computing, 1e-9 * steady.time_ns);
  EXPECT_EQ(steady.layers[0].critical_ns[Stage::program], 0);
}

TEST(OnCores, RegeneratedWeightsAreNotMadeAgainUnlessTheyAreLight) {
  CostInput input{.layers = {multilevel_layer(conv(64, 64, 3, 9), 2, 20, 3, 6, 3)},
                  .core = round_core()};
  input.generator.kind = "electronic";
  input.schedule.cores = 9;
  input.schedule.replicate = false;
  const auto [first, steady] = simulate_stream(input);
  EXPECT_GT(first.energy_pJ[Component::generator], 0);
  EXPECT_TRUE(steady.weights_on_cores);
  EXPECT_EQ(spent_on_weights(steady), 0);
  input.generator.kind = "photonic";
  EXPECT_TRUE(simulate_stream(input).steady.weights_on_cores);
  input.generator.handover = Handover::analog;
  EXPECT_FALSE(simulate_stream(input).steady.weights_on_cores);
}

TEST(OnCores, CopiesNeedCoresOfTheirOwn) {
  CostInput input = eleven_tiles(20);  // ten copies of the second layer's two tiles fill them
  input.schedule.replicate = true;
  CostContext context(input);
  LayerPlans plans(input);
  context.choice = {.cores = 20, .replicate = true};
  EXPECT_FALSE(tiles_have_cores(context, plan_network(context, plans).layers));
  context.choice.replicate = false;
  EXPECT_TRUE(tiles_have_cores(context, plan_network(context, plans).layers));
  input.core.operands.vectors = 1;  // modulated every symbol
  EXPECT_FALSE(tiles_have_cores(context, plan_network(context, plans).layers));
}

TEST(OnCores, MoreCoresNeverMakeALaterBatchLonger) {
  double before = 1e300;
  for (const int cores : {1, 2, 4, 8, 10, 11, 16, 32}) {
    CostInput input = eleven_tiles(cores);
    input.schedule.replicate = true;
    const double time = simulate_stream(input).steady.time_ns;
    EXPECT_LE(time, 1.005 * before) << cores;
    before = time;
  }
}

}  // namespace
}  // namespace lightloom::cosim
