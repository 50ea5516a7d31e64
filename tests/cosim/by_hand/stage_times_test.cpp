// Time of every stage by hand: sums over the visits, of all cores.
#include <gtest/gtest.h>

#include "cosim/network/network_plan.hpp"
#include "tests/cosim/by_hand/hand_generation.hpp"

namespace lightloom::cosim {
namespace {

/// Busy time of a stage, of all units; 0 where the stage is not there.
double busy_ns(const CostInput& input, Stage stage) {
  const bool each_core = stage == Stage::program || stage == Stage::compute;
  return hand_stage(simulate_cost(input), stage).busy_ns * (each_core ? input.schedule.cores : 1);
}

void expect_busy(const std::string& name, const CostInput& input, Stage stage, double by_hand) {
  EXPECT_NEAR(busy_ns(input, stage), by_hand, 1e-9 * by_hand) << name << ", " << stage_name(stage);
}

/// 4 cycles of 1 ns on each of two channels, less what refresh takes: RTP 9, RP 17, RCD 17 and RFC
/// 420 of 9360.
constexpr double burst_ns = 4 / 2.0 / (1 - (9 + 17 + 17 + 420) / 9360.0);
/// RCD 17, CL 17 and two cycles of the controller before the very first data.
constexpr double first_ns = 17 + 17 + 2;

// Both banks of the weight buffer take 4 bytes in 0.5 ns, or in 40.
TEST(StageByHand, WeightsComeFromTheDramIntoTheBuffer) {
  for (auto [name, input] : hand_cases())
    for (const double access_ns : {0.5, 40.0}) {
      input.memory.weight_buffer.access_ns = access_ns;
      const HandLayer layer = hand_layer(input);
      const double byte_ns = hand_bursts(layer.weights / 2) * burst_ns / (layer.weights / 2);
      double by_hand = first_ns;
      for (const HandTile& tile : layer.tiles) {
        const double own = tile.block_rows * tile.block_columns * tile.groups / 2;
        by_hand += own * std::max(byte_ns, access_ns / (4 * 2));
      }
      EXPECT_NEAR(busy_ns(input, Stage::fetch_weights), by_hand, 1e-9 * by_hand) << name;
    }
}

TEST(StageByHand, MapsCrossTheDramOnce) {
  for (const auto& [name, input] : hand_cases()) {
    const HandLayer layer = hand_layer(input);
    expect_busy(name, input, Stage::fetch_inputs, hand_bursts(2 * layer.inputs) * burst_ns);
    expect_busy(name, input, Stage::write_back, hand_bursts(2 * layer.outputs) * burst_ns);
  }
}

TEST(StageByHand, MoreBandwidthShortensTheDramsStages) {
  CostInput input = hand_cases().front().input;
  const double before = busy_ns(input, Stage::write_back);
  input.schedule.bandwidth_scale = 4;
  EXPECT_NEAR(busy_ns(input, Stage::write_back), before / 4, 1e-9);
}

// 16 rounds of 33 lanes write 500 settings.
TEST(StageByHand, SettingsAreWrittenInRoundsOfLanesAndSettle) {
  for (const auto& [name, input] : hand_cases())
    expect_busy(name, input, Stage::program, hand_layer(input).visits() * (16 / 1.25 + 70));
}

// Two cores take turns at the buffer: whichever of a visit's two times ends it is counted, so the
// sum lies between those of the shorter and the longer ones.
TEST(StageByHand, AVisitTakesItsSymbolsOrItsBytesFromTheBuffer) {
  for (auto [name, input] : hand_cases())
    for (const int banks : {64, 3}) {
      input.memory.activation_buffer.banks = banks;
      const HandLayer layer = hand_layer(input);
      double longer = 0, shorter = 0;
      for (const HandTile& tile : layer.tiles) {
        const HandBytes bytes = hand_activations(input, layer, tile);
        const double symbols = layer.vectors / layer.blocks * layer.passes / 2,
                     streams = (bytes.read + bytes.written) / (2 * banks / 0.5);
        longer += layer.blocks * std::max(symbols, streams);
        shorter += layer.blocks * std::min(symbols, streams);
      }
      if (input.schedule.cores == 1) expect_busy(name, input, Stage::compute, longer);
      const double busy = busy_ns(input, Stage::compute);
      EXPECT_LE(busy, longer * (1 + 1e-9)) << name;
      EXPECT_GE(busy, shorter * (1 - 1e-9)) << name;
    }
}

// 5460 operations an image at 100 a ns; or 420 + 210 elements of 2 bytes through the buffer.
TEST(StageByHand, TheDigitalUnitTakesItsOperationsOrItsBytes) {
  for (auto [name, input] : hand_cases()) {
    input.layers[0].digital = {
        .adds = 4200, .multiplies = 840, .lookups = 420, .reads = 420, .writes = 210};
    expect_busy(name, input, Stage::post_process, input.batch * 54.6);
    if (input.schedule.cores > 1) continue;
    input.memory.activation_buffer.banks = 3;
    expect_busy(name, input, Stage::post_process, input.batch * 1260 / (2 * 3 / 0.5));
  }
}

TEST(StageByHand, SettingsAreWorkedOutAtEveryVisit) {
  for (auto [name, input] : hand_cases()) {
    input.core.cost.decompose_operations = 250;
    expect_busy(name, input, Stage::decompose, hand_layer(input).visits() * 250 / 50);
  }
}

/// Bytes that a visit moves at the tile buffer in the time of its generation.
double tile_bytes(const HandVisit& visit, double word) {
  return (5 * visit.tile.columns + visit.tile.rows * visit.tile.columns) * word;
}

TEST(StageByHand, AnElectronicGeneratorTakesItsMacsOrTheTileBufferItsBytes) {
  for (auto [name, input] : hand_generations(electronic_card()))
    for (const int banks : {32, 1}) {
      input.memory.tile_buffer.banks = banks;
      double by_hand = 0;
      for (const HandVisit& visit : hand_visits(hand_layer(input), HandKernels::wait))
        by_hand += std::max(visit.macs() / 50, tile_bytes(visit, 0.75) / (banks / 0.25));
      expect_busy(name, input, Stage::generate, by_hand);
      input.generator.rate_scale = 1e6;
      by_hand = 0;
      for (const HandVisit& visit : hand_visits(hand_layer(input), HandKernels::wait))
        by_hand += tile_bytes(visit, 0.75) / (banks / 0.25);
      EXPECT_NEAR(busy_ns(input, Stage::generate), by_hand, 1e-4 * by_hand) << name;
      input.generator.rate_scale = 1;
    }
}

TEST(StageByHand, APhotonicGeneratorLoadsSettlesAndShoots) {
  for (const auto& [name, input] : hand_generations(card_of(hand_generator()))) {
    double generate = 0, decompose = 0;
    for (const HandVisit& visit : hand_visits(hand_layer(input), HandKernels::wait)) {
      generate += std::max(hand_generation_ns(visit), tile_bytes(visit, 1) / (32 / 0.25));
      decompose += (visit.tile.rows * 5 + (visit.forms ? hand_u / 5 : 0)) * 2 / 50;
    }
    expect_busy(name, input, Stage::generate, generate);
    expect_busy(name, input, Stage::decompose, decompose);
  }
}

// Light that sets the core does so while it is programmed; only kernels wait in the tile buffer.
TEST(StageByHand, LightThatSetsTheCoreIsPartOfItsProgramming) {
  for (const auto& [name, input] : hand_generations(card_of(hand_generator(), Handover::analog))) {
    double by_hand = 0;
    for (const HandVisit& visit : hand_visits(hand_layer(input), HandKernels::wait))
      by_hand += std::max(hand_generation_ns(visit), 5 * visit.tile.columns / (32 / 0.25)) +
                 16 / 1.25 + 70;
    expect_busy(name, input, Stage::program, by_hand);
    EXPECT_EQ(busy_ns(input, Stage::generate), 0) << name;
  }
}

// Results are whole behind the last column of tiles: what the digital unit does and what is
// written waits for it, so all of both stands at the end of a layer of one row.
TEST(StageByHand, WhatFollowsAResultWaitsForItsLastColumn) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 24, 3, 6), 4)};  // 5 columns
  input.layers[0].digital = {.adds = 10000};
  const CostReport report = simulate_cost(input);
  const double bursts = 36 * 24 * 2 / 64.0;
  EXPECT_NEAR(hand_stage(report, Stage::write_back).critical_ns, bursts * burst_ns, 1e-9);
  EXPECT_EQ(hand_stage(report, Stage::write_back).drain_ns, 0);
  EXPECT_NEAR(hand_stage(report, Stage::post_process).critical_ns, 100, 1e-9);
}

// Places are counted for each core, as far as the buffers hold them: 240 bytes of weights a tile of
// 4 bits in 512 KB; 360 bytes of 6 bits in 64 KB.
TEST(StageByHand, EveryCoreHasPlacesOfItsOwn) {
  CostInput input = hand_generations(electronic_card()).front().input;
  input.schedule.cores = 3;
  input.schedule.weight_slots = 2;
  input.schedule.tile_slots = 4;
  input.schedule.input_slots = 5;
  input.schedule.output_slots = 6;
  const auto places = [&] {
    const CostContext context(input);
    LayerPlans plans(input);
    return plan_network(context, plans).schedule.places;
  };
  EXPECT_EQ(places().weights, 3 * 2);
  EXPECT_EQ(places().tiles, 3 * 4);
  EXPECT_EQ(places().inputs, 3 * 5);
  EXPECT_EQ(places().outputs, 3 * 6);
  EXPECT_EQ(places().settings, 1);
  input.programming.shadow_settings = true;
  EXPECT_EQ(places().settings, 2);
  input.memory.tile_buffer.capacity_KB = (5 * 360 + 359) / 1024.0;
  EXPECT_EQ(places().tiles, 5);
}

// What stays from the batch before leaves less room: 6 places of 240 bytes in 1024 of which 300 are
// taken are three.
TEST(StageByHand, PlacesOfWeightsAreWhatResidentWordsLeave) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 24, 3, 6), 4), reload_layer(conv(30, 20, 1, 6), 4)};
  input.schedule.cores = 3;
  input.memory.weight_buffer.capacity_KB = 1;
  const CostContext context(input);
  const auto places = [&](double resident) {
    LayerPlans plans(input);
    return plan_network(context, plans, {.stays = {false, true}, .bytes = resident})
        .schedule.places.weights;
  };
  EXPECT_EQ(places(0), 4);
  EXPECT_EQ(places(300), 3);
  EXPECT_EQ(places(304), 3);
  EXPECT_EQ(places(305), 2);
}

// 24 x 20 MACs a symbol at 2 GHz on every core, or what the DRAM brings at four times its
// bandwidth.
TEST(StageByHand, TheRoofCountsEveryCoreAndTheDramsScale) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 30, 3, 6), 4), reload_layer(conv(10, 30, 3, 6), 4)};
  input.memory.activation_buffer.banks = input.memory.weight_buffer.banks = 60000;
  for (const int cores : {1, 2}) {
    input.schedule.cores = cores;
    input.schedule.bandwidth_scale = 1e6;
    const CostReport report = simulate_cost(input);
    const double macs = 36 * 30 * 90;
    for (const LayerCost& layer : report.layers) {
      EXPECT_NEAR(layer.roof_macs_per_ns, 24 * 20 * 2 * cores, 1e-9);
      EXPECT_NEAR(layer.attained_macs_per_ns, macs / (layer.end_ns - layer.start_ns), 1e-9);
    }
    input.schedule.bandwidth_scale = 0.25;
    const LayerCost bound = simulate_cost(input).layers[0];
    const double bytes = 64 * (hand_bursts(30 * 90 / 2.0) + hand_bursts(36 * 10 * 2));
    EXPECT_EQ(bound.roof, TimePart::dram);
    EXPECT_NEAR(bound.intensity_macs_per_byte, macs / bytes, 1e-9);
    EXPECT_NEAR(bound.roof_macs_per_ns, macs / bytes * 64 / burst_ns / 4, 1e-9);
  }
}

}  // namespace
}  // namespace lightloom::cosim
