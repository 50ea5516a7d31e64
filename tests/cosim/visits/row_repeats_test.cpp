// What rows of weights that come again save: a core multiplies with the first run alone.
#include <gtest/gtest.h>

#include "core/cards/tree.hpp"
#include "cosim/visits/layer_plan.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/cosim/by_hand/hand_card.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"

namespace lightloom::cosim {
namespace {

/// The card of all different numbers with one convolution of tiled bits; its tiles are 24 x 20.
CostInput tiled_input(const nn::LayerShape& shape, int repeats) {
  const auto card = read_card<nn::SourceCard>(
      parse_yaml(fmt::format("{{source: tiled, tiled: {{repeats: {}}}}}", repeats), "test"));
  CostInput input = hand_card();
  input.layers = {source_layer(shape, *nn::make_source(card, shape))};
  return input;
}

std::int64_t programmings(const nn::LayerShape& shape, int repeats) {
  return simulate_cost(tiled_input(shape, repeats)).layers[0].visits;
}

// 40 inputs of a 1x1 convolution are two columns of tiles. A run of 24 outputs is one row of tiles
// (960 weights, twice the 480 of a tile), one of 12 or 6 outputs is not.
TEST(RowRepeats, DivideTheProgrammingsWhereARunIsWholeTiles) {
  const nn::LayerShape outputs96 = conv(40, 96, 1, 6), outputs48 = conv(40, 48, 1, 6);
  EXPECT_EQ(programmings(outputs96, 1), 4 * 2);
  EXPECT_EQ(programmings(outputs96, 4), 1 * 2) << "by p = 4";
  EXPECT_EQ(programmings(outputs96, 2), 2 * 2) << "by p = 2";
  EXPECT_EQ(programmings(outputs48, 1), 2 * 2);
  EXPECT_EQ(programmings(outputs48, 4), 1 * 2) << "12 outputs fill half a tile: by 2 only";
  EXPECT_EQ(programmings(outputs48, 8), 1 * 2) << "by 2 only";
}

// As many symbols, settings and stored bits as a layer of the run alone; the results are whole.
TEST(RowRepeats, CostTheProductsOfTheFirstRunAndAllResults) {
  const nn::LayerShape whole = conv(16, 48, 3, 4), run = conv(16, 12, 3, 4);
  const CostInput input = tiled_input(whole, 4);
  CostInput first = tiled_input(run, 1);
  first.layers[0].streams = input.layers[0].streams;
  const CostReport all = simulate_cost(input), one = simulate_cost(first);
  for (const Stage stage : {Stage::program, Stage::fetch_inputs})
    EXPECT_NEAR(hand_stage(all, stage).busy_ns, hand_stage(one, stage).busy_ns, 1e-9);
  for (const Component component :
       {Component::programming, Component::input_converters, Component::output_converters,
        Component::laser, Component::accumulation, Component::weight_buffer})
    EXPECT_NEAR(all.energy_pJ[component], one.energy_pJ[component], 1e-9)
        << component_name(component);
  // 16 x 12 x 9 bits and 4 magnitudes are 232 bytes, 4 bursts.
  EXPECT_EQ(all.traffic.weight_bytes, 4 * 64);
  // 48 outputs at 16 places in words of 2 bytes, in bursts.
  EXPECT_EQ(all.traffic.output_bytes, 64 * hand_bursts(48 * 16 * 2));
  EXPECT_EQ(one.traffic.output_bytes, 64 * hand_bursts(12 * 16 * 2));
  // Results go to the activation buffer, each word of 2 bytes at 0.9 pJ.
  EXPECT_NEAR(
      all.energy_pJ[Component::activation_buffer] - one.energy_pJ[Component::activation_buffer],
      (48 - 12) * 16 * 0.9, 1e-9);
}

// A source that takes work and is reloaded comes as plain weights, none of which is left out.
TEST(RowRepeats, AreThoseOfTheWeightsAsTheyCome) {
  CostLayer layer{.shape = conv(16, 48, 3, 4), .work = {.adds = 1}, .row_repeats = 4};
  EXPECT_EQ(layer.repeats(), 1);
  layer.way = WeightDelivery::regenerate;
  EXPECT_EQ(layer.repeats(), 4);
  layer.way = WeightDelivery::reload;
  layer.work = {};
  EXPECT_EQ(layer.repeats(), 4);
}

// The activation buffer holds an input vector and the results of it, all runs of them.
TEST(RowRepeats, NeedRoomForAllResultsOfAVector) {
  const CostInput input = tiled_input(conv(20, 48, 1, 4), 4);
  const CostContext context(input);
  const LayerPlan plan = plan_layer(layer_setup(context, 0));
  EXPECT_EQ(plan.needs.activation_buffer, 2 * (20 + 48));
}

}  // namespace
}  // namespace lightloom::cosim
