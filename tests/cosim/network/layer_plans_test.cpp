#include "cosim/network/layer_plans.hpp"

#include <gtest/gtest.h>

#include "cosim/network/network_plan.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// Two layers alike but for their names, and one with fewer bits.
CostInput input_of_three() {
  CostInput input{
      .layers = {reload_layer(conv(64, 64, 3, 9), 8), reload_layer(conv(64, 64, 3, 9), 8),
                 reload_layer(conv(64, 64, 3, 9), 4)},
      .core = round_core()};
  input.layers[0].shape.name = "first";
  input.layers[1].shape.name = "second";
  return input;
}

TEST(LayerPlans, LayersAlikeShareOneWhateverTheirNames) {
  const CostInput input = input_of_three();
  const CostContext context(input);
  LayerPlans plans(input);
  const auto of = [&](std::size_t i) { return plans.of(i, layer_setup(context, i)); };
  EXPECT_EQ(of(0), of(1));
  EXPECT_NE(of(0), of(2));
  EXPECT_EQ(of(2)->stored_bytes, 64 * 64 * 9 * 4 / 8.0);
}

// 8-bit and 4-bit weights come as the same settings.
TEST(LayerPlans, LayersThatComeAsSettingsShareOneWhateverTheirWords) {
  const CostInput input = input_of_three();
  const CostContext context(input);
  LayerPlans plans(input);
  const auto of = [&](std::size_t i) {
    LayerSetup setup = layer_setup(context, i);
    setup.stored_as_settings = true;
    return plans.of(i, setup);
  };
  EXPECT_EQ(of(0), of(2));
  EXPECT_EQ(of(0)->stored_bytes, 9 * 4096);  // nine tiles of 4096 devices of 8 bits
  CostInput other = input;
  other.layers[0] = reload_layer(conv(64, 64, 3, 9), 2);
  const auto before = of(0);
  plans.turn_to(other);
  EXPECT_EQ(of(0), before);
}

TEST(LayerPlans, WhatIsDecidedOtherwiseIsPlannedAnew) {
  const CostInput input = input_of_three();
  const CostContext context(input);
  LayerPlans plans(input);
  const LayerSetup setup = layer_setup(context, 0);
  const auto before = plans.of(0, setup);
  EXPECT_EQ(plans.of(0, setup), before);
  const auto differs = [&](auto change) {
    LayerSetup other = setup;
    change(other);
    const auto plan = plans.of(0, other);
    return plan != before && plan->traffic.sum() == plan_layer(other).traffic.sum() &&
           plan->visits == plan_layer(other).visits &&
           plan->visit(0).tile == plan_layer(other).visit(0).tile;
  };
  EXPECT_TRUE(differs([](LayerSetup& s) { s.stored_as_settings = true; }));
  EXPECT_TRUE(differs([](LayerSetup& s) { s.spills_output = true; }));
  EXPECT_TRUE(differs([](LayerSetup& s) { s.resident = true; }));
  EXPECT_TRUE(differs([](LayerSetup& s) { s.replicas = 2; }));
  EXPECT_TRUE(differs([](LayerSetup& s) { s.input_bytes = 1000; }));
  EXPECT_TRUE(differs([](LayerSetup& s) { s.output_bytes = 1000; }));
  EXPECT_TRUE(differs([](LayerSetup& s) { s.spilled_sums = 0.5; }));
}

}  // namespace
}  // namespace lightloom::cosim
