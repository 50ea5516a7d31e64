#include "cosim/visits/map_placement.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// 1089 vectors through 9 column tiles and one row tile of 64 x 64.
CostInput nine_columns(double activation_bytes) {
  CostInput input{.layers = {reload_layer(conv(64, 64, 3, 33), 8)}, .core = round_core()};
  input.memory.activation_buffer = {.capacity_KB = activation_bytes / 1024,
                                    .read_pJ = 20,
                                    .write_pJ = 30,
                                    .leakage_mW = 1,
                                    .area_mm2 = 1,
                                    .access_ns = 0.1};
  input.memory.dram.access_pJ_per_bit = 5;
  return input;
}

std::vector<LayerSetup> placed(const CostContext& context) {
  std::vector<LayerSetup> setups;
  for (std::size_t i = 0; i < context.input.layers.size(); ++i)
    setups.push_back(layer_setup(context, i));
  place_maps(setups);
  return setups;
}

constexpr double map = 1089 * 64, sums = 1089 * 64 * 4;  // bytes

TEST(MapPlacement, PartialSumsThatFindNoRoomPassTheDramTwiceAColumn) {
  const auto traffic = [](double capacity) {
    return simulate_cost(nine_columns(capacity)).traffic;
  };
  EXPECT_EQ(traffic(sums + 2 * map).sum_bytes, 0);
  EXPECT_EQ(traffic(sums).sum_bytes, 0);  // one row of tiles: the maps need not stay
  for (const double capacity : {sums - 64000, sums / 2, 320.0}) {
    const Traffic moved = traffic(capacity);
    EXPECT_NEAR(moved.sum_bytes, 2 * 8 * (sums - capacity), 2 * 64) << capacity;
    EXPECT_NEAR(moved.input_bytes, map, 64);
    EXPECT_NEAR(moved.output_bytes, map, 64);
  }
}

// What is spilled is paid for: bursts of 64 bytes, 8 columns out and 8 back, at 5 pJ a bit.
TEST(MapPlacement, SpilledSumsTakeTimeAndEnergyOfTheDram) {
  const CostReport fits = simulate_cost(nine_columns(sums)),
                   spills = simulate_cost(nine_columns(sums / 2));
  const double bursts = 8 * sums / 2 / 64;
  EXPECT_NEAR(spills.energy_pJ[Component::dram_transfer] - fits.energy_pJ[Component::dram_transfer],
              bursts * 2 * 5 * 512, 1e-6 * bursts);
  EXPECT_GT(spills.time_ns, fits.time_ns);
  EXPECT_EQ(spills.energy_pJ[Component::activation_buffer],
            fits.energy_pJ[Component::activation_buffer]);
}

TEST(MapPlacement, SumsThatStayInAccumulatorsOrHaveOneColumnNeedNoRoom) {
  CostInput input = nine_columns(320);
  input.schedule.dataflow = Dataflow::output_stationary;
  input.schedule.block_vectors = 100;
  EXPECT_EQ(waiting_sum_bytes(placed(CostContext(input))[0]), 0);
  input.schedule.dataflow = Dataflow::input_stationary;  // 11 blocks of 99 vectors
  EXPECT_DOUBLE_EQ(waiting_sum_bytes(placed(CostContext(input))[0]), 99 * 64 * 4);
  input.schedule.dataflow = Dataflow::weight_stationary;
  EXPECT_DOUBLE_EQ(waiting_sum_bytes(placed(CostContext(input))[0]), sums);
  input.layers = {reload_layer(conv(64, 64, 1, 33), 8)};
  EXPECT_EQ(waiting_sum_bytes(placed(CostContext(input))[0]), 0);
}

// Two layers. Keeping the map between them saves 2 maps, and takes the room of as many sums, each
// byte of which passes 8 times out and 8 times back in both layers: so it goes out.
TEST(MapPlacement, AMapMakesRoomForSumsWhereThatMovesFewerBytes) {
  CostInput input = nine_columns(sums + 2 * map);
  input.layers.push_back(input.layers[0]);
  EXPECT_EQ(simulate_cost(input).traffic.sum(), 2 * map + 2 * 64 * 64 * 9);
  input.memory.activation_buffer.capacity_KB = sums / 1024;
  const Traffic moved = simulate_cost(input).traffic;
  EXPECT_EQ(moved.sum_bytes, 0);
  EXPECT_EQ(moved.input_bytes + moved.output_bytes, 4 * map);
}

TEST(MapPlacement, TrafficNeverGrowsWithTheBuffer) {
  for (const int batch : {1, 3}) {
    double before = 1e300;
    for (double KB = 1; KB < 20000; KB *= 1.3) {
      CostInput input{.core = round_core(), .batch = batch};
      for (const auto& shape : resnet18()) input.layers.push_back(reload_layer(shape, 8));
      input.memory.activation_buffer.capacity_KB = KB;
      const CostContext context(input);
      double bytes = 0;
      for (const LayerSetup& setup : placed(context))
        bytes += setup.input_bytes + setup.output_bytes +
                 setup.spilled_sums * setup.vectors * setup.layer.shape.out_channels * 4 * 2 *
                     (setup.mapping.column_tiles - 1);
      EXPECT_LE(bytes, before * (1 + 1e-12)) << KB;
      before = bytes;
    }
  }
}

/// What is wrong with an input; empty: nothing.
std::string refusal(const CostInput& input) {
  try {
    simulate_cost(input);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// A tile of 64 x 64 bytes; one vector of 64 bytes and its 64 sums of 4; a regenerated tile and the
// 8 x 64 kernels it is made of.
TEST(RoomForATile, IsEnoughToTheByteAndOneLessIsRefused) {
  CostInput input = nine_columns(64 + 256);
  input.memory.weight_buffer.capacity_KB = 4;
  EXPECT_EQ(refusal(input), "");
  input.memory.weight_buffer.capacity_KB = 4095 / 1024.0;
  EXPECT_EQ(refusal(input),
            "layer 'conv' cannot run: the weight buffer has 3.99902 KB but one tile needs 4 KB "
            "(give memory.weight_buffer.capacity_KB at least that, or the core fewer rows and "
            "columns)");
  EXPECT_NE(refusal(nine_columns(319)).find("the activation buffer has"), std::string::npos);
  input = nine_columns(1e6);
  input.layers = {multilevel_layer(conv(64, 64, 3, 9), 2, 8, 4, 4, 4)};
  input.generator.kind = "electronic";
  input.memory.tile_buffer.capacity_KB = (4096 + 512) / 1024.0;
  EXPECT_EQ(refusal(input), "");
  input.memory.tile_buffer.capacity_KB = (4096 + 511) / 1024.0;
  EXPECT_NE(refusal(input).find("the tile buffer has"), std::string::npos);
}

}  // namespace
}  // namespace lightloom::cosim
