// A training step on a core: when maps are written and read for the last time, what embedded DRAM
// forgets of them, and what SRAM of the same area holds.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "cosim/training/chain_step.hpp"
#include "cosim/training/step_memory.hpp"
#include "memory/buffers/edram.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim::training_step_tests {
namespace {

/// A core whose tiles are full and come at once: 16 x 16 at 2 GHz.
photonic::CoreDescription square_core(double rate_GHz = 2) {
  photonic::CoreDescription core{.kind = "square", .rows = 16, .columns = 16};
  core.cost.symbol_rate_GHz = rate_GHz;
  return core;
}

/// Pointwise layers of 32 x 32 weights on maps of 6 x 6: four full tiles.
std::vector<nn::LayerShape> pointwise_layers(int count) {
  std::vector<nn::LayerShape> layers;
  for (int i = 0; i < count; ++i) layers.push_back(conv(32, 32, 1, 6));
  return layers;
}

TrainingStepCard step_of(StepOrder order, int batch = 5) {
  TrainingStepCard card{.batch = batch, .order = order};
  card.buffer.capacity_KB = 512;
  card.buffer.retention_us = 3.35;
  return card;
}

const DramBehind dram{.GBps = 10, .pJ_per_byte = 100};

// T = B Cin Cout W H k^2 / R, R = 256 products at 2 GHz.
TEST(LayerTime, IsTheRuleWhereTilesAreFullAndWritingTakesNoTime) {
  const photonic::CoreDescription core = square_core();
  for (const int cores : {1, 2, 4}) {
    const StepCore on{.core = core, .programming = {}, .cores = cores};
    for (const StepOrder order : {StepOrder::images, StepOrder::tiles}) {
      const nn::LayerShape layer = pointwise_layers(1).front();
      const double rule = 5.0 * 32 * 32 * 36 / (512.0 * cores);
      EXPECT_NEAR(rule_time_ns(on, layer, 5), rule, 1e-9);
      const StepPlan plan{.images = 5, .order = order, .maps = {}, .operations = {}};
      EXPECT_NEAR(layer_time_ns(on, layer, plan), rule, 1e-9);
    }
  }
}

// 33 columns of 32 rows take six tiles of 16 x 16, where the rule counts 4.1.
TEST(LayerTime, CountsPaddingAndWritesOfTiles) {
  photonic::CoreDescription core = square_core();
  core.cost.settle_ns = 70;
  core.cost.devices = 256;
  const nn::LayerShape layer = conv(33, 32, 1, 6);
  StepCore on{.core = core, .programming = {.lanes = 64, .rate_GHz = 2}, .cores = 1};
  const double write = 256.0 / 64 / 2 + 70, streams = 5 * 36 / 2.0;
  StepPlan plan{.images = 5, .order = StepOrder::tiles, .maps = {}, .operations = {}};
  EXPECT_NEAR(layer_time_ns(on, layer, plan), 6 * (write + streams), 1e-9);
  on.programming.shadow_settings = true;
  EXPECT_NEAR(layer_time_ns(on, layer, plan), 6 * std::max(write, streams), 1e-9);
  on.programming.shadow_settings = false;
  on.cores = 4;  // two rounds; by images each of them is written five times
  EXPECT_NEAR(layer_time_ns(on, layer, plan), 2 * (write + streams), 1e-9);
  plan.order = StepOrder::images;
  EXPECT_NEAR(layer_time_ns(on, layer, plan), 2 * (5 * write + streams), 1e-9);
  on.cores = 6;  // all stay
  EXPECT_NEAR(layer_time_ns(on, layer, plan), write + streams, 1e-9);
}

double longest_life(const StepPlan& plan, double room_bytes = 1e12) {
  double longest = 0;
  for (const memory::StoredTensor& tile :
       step_tiles(plan, step_times(plan, {.bytes = room_bytes, .dram_GBps = 10})))
    longest = std::max(longest, tile.lifetime_ns());
  return longest;
}

// n layers take n products forward and 2 n - 1 backward, T each. The first input is written before
// all of it and read by the last product: the whole step.
TEST(ChainStep, KeepsTheFirstMapToTheVeryEnd) {
  const photonic::CoreDescription core = square_core();
  const StepCore on{.core = core, .programming = {}, .cores = 1};
  for (const int count : {1, 2, 7})
    for (const StepOrder order : {StepOrder::images, StepOrder::tiles}) {
      const auto layers = pointwise_layers(count);
      const StepPlan plan = chain_step(on, layers, step_of(order));
      const double t = rule_time_ns(on, layers.front(), 5);
      const double products = 3.0 * count - 1;
      EXPECT_NEAR(step_times(plan, {.bytes = 1e12, .dram_GBps = 10}).time_ns(), products * t, 1e-6);
      EXPECT_NEAR(longest_life(plan), products * t, 1e-6) << count;
      EXPECT_NEAR(plan.macs(StepPhase::forward), count * 5.0 * 32 * 32 * 36, 1e-6);
      EXPECT_NEAR(plan.macs(StepPhase::backward), (2.0 * count - 1) * 5 * 32 * 32 * 36, 1e-6);
      EXPECT_EQ(plan.macs(StepPhase::recompute), 0);
    }
}

// By hand, two layers of one product time T: maps by their writer's start and last reader's end.
// Steps: forward 0 [0, T], forward 1 [T, 2T], weights 1 [2T, 3T], input 1 [3T, 4T], weights 0
// [4T, 5T].
TEST(ChainStep, WritesAndLastReadsOfTwoLayersByHand) {
  const photonic::CoreDescription core = square_core();
  const StepCore on{.core = core, .programming = {}, .cores = 1};
  const auto layers = pointwise_layers(2);
  const double t = rule_time_ns(on, layers.front(), 1), bytes = 36 * 32;
  const StepPlan plan = chain_step(on, layers, step_of(StepOrder::tiles, 1));
  const auto tiles = step_tiles(plan, step_times(plan, {.bytes = 1e12, .dram_GBps = 10}));
  // inputs of both layers, outputs, gradients of the second input and of the outputs
  const std::vector<std::pair<double, double>> expected{
      {0, 5 * t}, {0, 3 * t}, {t, 2 * t}, {3 * t, 5 * t}, {2 * t, 4 * t}};
  ASSERT_EQ(tiles.size(), expected.size());
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    EXPECT_NEAR(tiles[i].written_ns, expected[i].first, 1e-9) << i;
    EXPECT_NEAR(tiles[i].last_read_ns, expected[i].second, 1e-9) << i;
    EXPECT_NEAR(tiles[i].bytes, bytes, 1e-9) << i;
  }
}

// By images a share waits for the others of its batch, no more: image b of B is written at b/B of
// its writer and read until (b + 1)/B of its reader.
TEST(ChainStep, ByImagesAMapBetweenTwoProductsLivesOneProductAndAnImage) {
  StepPlan plan{.images = 4, .order = StepOrder::images, .maps = {}, .operations = {}};
  const std::size_t map = plan.add_map("between", 400);
  plan.operations = {{.name = "writer", .core_ns = 8, .writes = {map}},
                     {.name = "reader", .core_ns = 8, .reads = {map}}};
  const auto tiles = step_tiles(plan, step_times(plan, {.bytes = 1e6, .dram_GBps = 10}));
  ASSERT_EQ(tiles.size(), 4u);
  for (std::size_t b = 0; b < 4; ++b) {
    EXPECT_EQ(tiles[b].written_ns, 2.0 * static_cast<double>(b));
    EXPECT_EQ(tiles[b].last_read_ns, 8 + 2.0 * static_cast<double>(b + 1));
    EXPECT_EQ(tiles[b].bytes, 100);
  }
  plan.order = StepOrder::tiles;
  EXPECT_EQ(step_tiles(plan, step_times(plan, {.bytes = 1e6, .dram_GBps = 10}))[2].lifetime_ns(),
            16);
}

// Plain training keeps every input: the peak grows by one map a layer.
TEST(ChainStep, PeakGrowsByOneMapALayer) {
  const photonic::CoreDescription core = square_core();
  const StepCore on{.core = core, .programming = {}, .cores = 1};
  const auto peak = [&](int count) {
    return peak_bytes(chain_step(on, pointwise_layers(count), step_of(StepOrder::tiles)));
  };
  const double map = 5.0 * 36 * 32;
  EXPECT_EQ(peak(4) - peak(3), map);
  EXPECT_EQ(peak(40) - peak(4), 36 * map);
}

// What finds no room lies in DRAM, is written there once and read from there; whoever waits for it
// takes longer, and so lives what waits with it.
TEST(StepTimes, MapsThatFindNoRoomPassTheDram) {
  StepPlan plan{.images = 1, .maps = {}, .operations = {}};
  const std::size_t first = plan.add_map("first", 300), second = plan.add_map("second", 200);
  plan.operations = {{.name = "a", .core_ns = 5, .writes = {first}},
                     {.name = "b", .core_ns = 5, .writes = {second}},
                     {.name = "c", .core_ns = 100, .reads = {first, second}}};
  const StepTimes times = step_times(plan, {.bytes = 400, .dram_GBps = 10});
  EXPECT_EQ(times.on_chip, (std::vector<double>{1, 0.5}));
  EXPECT_EQ(times.dram_bytes, 200);  // 100 there and back
  EXPECT_EQ(times.buffer_write_bytes, 400);
  EXPECT_EQ(times.buffer_read_bytes, 400);
  EXPECT_EQ(times.peak_bytes, 500);
  EXPECT_EQ(times.end_ns, (std::vector<double>{5, 15, 115}));  // 100 bytes at 10 GB/s
}

// The acceptance of the section: refreshes and their energy are zero if and only if the longest
// life is within retention, at the limit and on either side of it.
TEST(TrainingStep, RefreshesIfAndOnlyIfSomethingLivesLongerThanItsCells) {
  const photonic::CoreDescription core = square_core();
  const StepCore on{.core = core, .programming = {}, .cores = 1};
  for (const StepOrder order : {StepOrder::images, StepOrder::tiles})
    for (const int count : {1, 3, 6}) {
      TrainingStepCard card = step_of(order);
      const StepPlan plan = chain_step(on, pointwise_layers(count), card);
      const double life_us = longest_life(plan) * 1e-3;
      for (const double share : {0.2, 0.99, 1.0 + 1e-9, 1.5, 3.0}) {
        card.buffer.retention_us = life_us * share;
        const TierCost cost = step_memory(plan, card, dram).edram;
        EXPECT_EQ(cost.refreshes == 0, share >= 1) << share;
        EXPECT_EQ(cost.refresh_pJ == 0, share >= 1) << share;
        EXPECT_EQ(cost.refresh_free(), share >= 1) << share;
        EXPECT_NEAR(cost.longest_life_ns, life_us * 1e3, 1e-6);
      }
    }
}

// One map of one image that lives 3.5 retention times: three refreshes of its words.
TEST(TrainingStep, EnergyOfRefreshesByHand) {
  TrainingStepCard card = step_of(StepOrder::tiles, 1);
  card.buffer.retention_us = 1;
  card.buffer.read_pJ = 2;
  card.buffer.write_pJ = 3;
  StepPlan plan{.images = 1, .maps = {}, .operations = {}};
  const std::size_t map = plan.add_map("map", 1000);
  plan.operations = {{.name = "a", .core_ns = 500, .writes = {map}},
                     {.name = "b", .core_ns = 3000, .reads = {map}}};
  const TierCost cost = step_memory(plan, card, dram).edram;
  const double words = std::ceil(1000.0 / card.buffer.word_bytes);
  EXPECT_EQ(cost.refreshes, 3);
  EXPECT_NEAR(cost.refresh_pJ, 3 * words * (2 + 3), 1e-9);
  EXPECT_NEAR(cost.access_pJ, words * (2 + 3), 1e-9);
  // A controller that knows no lives refreshes the whole buffer 3.5 times.
  EXPECT_NEAR(cost.blind_refresh_pJ, 3.5 * 512 * 1024 / card.buffer.word_bytes * 5, 1e-6);
}

memory::BufferCard shipped_edram(const std::string& name) {
  return read_card<memory::BufferCard>(
      load_card(LIGHTLOOM_SOURCE_DIR "/data/buffers/" + name + ".yaml", {}));
}

StepMemory on_shipped(const std::string& name, double rate_GHz, int layers) {
  const photonic::CoreDescription core = square_core(rate_GHz);
  const StepCore on{.core = core, .programming = {}, .cores = 1};
  TrainingStepCard card = step_of(StepOrder::tiles);
  card.buffer = shipped_edram(name);
  card.sram.banks = card.buffer.banks;
  return step_memory(chain_step(on, pointwise_layers(layers), card), card, dram);
}

// One network, two cells: 3.35 us need refreshes, 77 us none. A slower core needs them on both, a
// quicker one on neither.
TEST(TrainingStep, GivesDifferentVerdictsOnTwoPublishedCells) {
  const auto free = [](const char* name, double rate_GHz) {
    return on_shipped(name, rate_GHz, 5).edram.refresh_free();
  };
  EXPECT_FALSE(free("edram-3t-16nm-100C", 2));
  EXPECT_TRUE(free("edram-3t-16nm-600mV", 2));
  EXPECT_FALSE(free("edram-3t-16nm-600mV", 0.01));
  EXPECT_TRUE(free("edram-3t-16nm-100C", 20));
}

// Lives go with one over the rate, so a map as many times larger is kept as long.
TEST(TrainingStep, TheThresholdMovesWithRateBatchAndSizeOfTheCore) {
  const auto life = [](double rate_GHz, int batch, int size) {
    photonic::CoreDescription core = square_core(rate_GHz);
    core.rows = core.columns = size;
    const StepCore on{.core = core, .programming = {}, .cores = 1};
    return longest_life(chain_step(on, pointwise_layers(3), step_of(StepOrder::tiles, batch)));
  };
  const double one = life(1, 4, 16);
  EXPECT_NEAR(life(100, 4, 16), one / 100, 1e-9 * one);
  EXPECT_NEAR(life(1, 12, 16), 3 * one, 1e-9 * one);
  EXPECT_NEAR(life(1, 4, 32), one / 4, 1e-9 * one);
}

// The SRAM takes the eDRAM's area and no more, and holds less; one KB more would take more.
TEST(TrainingStep, ComparesAtEqualArea) {
  const StepMemory memory = on_shipped("edram-3t-16nm-600mV", 2, 5);
  EXPECT_NEAR(memory.sram.area_mm2, memory.edram.area_mm2, 1e-6 * memory.edram.area_mm2);
  EXPECT_LT(memory.sram.capacity_KB, memory.edram.capacity_KB);
  EXPECT_EQ(memory.sram.refreshes, 0);
  EXPECT_EQ(memory.sram.refresh_pJ, 0);
  memory::BufferCard larger = of_area({.node_nm = 32}, 1);
  EXPECT_NEAR(memory::buffer_figures(larger).area_mm2, 1, 1e-6);
  larger.capacity_KB *= 1.01;
  EXPECT_GT(memory::buffer_figures(larger).area_mm2, 1);
  EXPECT_THROW(of_area({.node_nm = 32}, 1e-9), Error);
}

// Where the maps fit the eDRAM and not the SRAM of its area, the SRAM alone pays DRAM.
TEST(TrainingStep, SmallerSramOfTheSameAreaPaysInDram) {
  TrainingStepCard card = step_of(StepOrder::tiles, 1);
  card.buffer.retention_us = 1000;
  StepPlan plan{.images = 1, .maps = {}, .operations = {}};
  const std::size_t map = plan.add_map("map", 500 * 1024);
  plan.operations = {{.name = "a", .core_ns = 10, .writes = {map}},
                     {.name = "b", .core_ns = 10, .reads = {map}}};
  const StepMemory memory = step_memory(plan, card, dram);
  EXPECT_EQ(memory.edram.dram_pJ, 0);
  const double beyond = 500.0 * 1024 - memory.sram.capacity_KB * 1024;
  EXPECT_GT(beyond, 0);
  EXPECT_NEAR(memory.sram.dram_pJ, 2 * beyond * 100, 1e-6 * beyond * 100);
  EXPECT_NEAR(memory.sram.time_ns, 2 * beyond / 10, 1e-6 * beyond);
}

}  // namespace
}  // namespace lightloom::cosim::training_step_tests
