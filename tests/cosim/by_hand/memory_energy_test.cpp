// Energy of the DRAM and of the buffers, component by component, by hand.
#include <gtest/gtest.h>

#include "tests/cosim/by_hand/hand_card.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"

namespace lightloom::cosim {
namespace {

/// Bytes that cross the DRAM for a layer by itself: all it stores, its input and output map.
struct HandTraffic {
  double weights = 0, inputs = 0, outputs = 0;
};
HandTraffic traffic_of(const HandLayer& layer) {
  return {layer.weights * 4 / 8, layer.inputs * 2, layer.outputs * 2};
}

// VDD 1.2 V, 8 devices, 4 cycles of 1 ns a burst; 5 pJ a bit on the interface.
TEST(MemoryByHand, EveryBurstIsReadOrWrittenAndCrossesTheInterface) {
  const double read = 1.2 * 8 * (155 - 42) * 4, write = 1.2 * 8 * (140 - 42) * 4, io = 5 * 512;
  for (const auto& [name, input] : hand_cases()) {
    const auto [weights, inputs, outputs] = traffic_of(hand_layer(input));
    const double by_hand = (hand_bursts(weights) + hand_bursts(inputs)) * (read + io) +
                           hand_bursts(outputs) * (write + io);
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::dram_transfer], by_hand, 1e-9 * by_hand)
        << name;
  }
}

/// Activations of a run: consecutive bursts go round 4 bank groups, so a run of 2^n bursts takes a
/// quarter of them from each row, at most the 128 that a row of 8192 bytes has. A run in between
/// meets rows like the next shorter one, or all those of the next longer one.
double activates(double bytes) {
  const double bursts = hand_bursts(bytes), shorter = std::exp2(std::floor(std::log2(bursts))),
               longer = std::exp2(std::ceil(std::log2(bursts)));
  const auto a_row = [](double run) { return std::clamp(run / 4, 1.0, 128.0); };
  return std::min(bursts / a_row(shorter), longer / a_row(longer));
}

constexpr double activate_pJ = 1.2 * 8 * (60 * 56 - 42 * 39 - 34 * 17);  // RC 56, RAS 39, RP 17 ns

TEST(MemoryByHand, EveryRowThatARunMeetsIsActivated) {
  for (const auto& [name, input] : hand_cases()) {
    const auto [weights, inputs, outputs] = traffic_of(hand_layer(input));
    const double by_hand =
        (activates(weights) + activates(inputs) + activates(outputs)) * activate_pJ;
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::dram_activate], by_hand, 1e-9 * by_hand)
        << name;
  }
}

// 36 vectors of 24 sums of 4 bytes, half of which find no room: runs of 27 bursts, which meet a row
// every 8 as those of 32 do, out and back at 4 of 5 columns.
TEST(MemoryByHand, PartialSumsWithoutRoomActivateTheirRows) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 24, 3, 6), 4)};
  const CostReport fits = simulate_cost(input);
  input.memory.activation_buffer.capacity_KB = 36 * 24 * 4 / 2.0 / 1024;
  const CostReport spills = simulate_cost(input);
  EXPECT_NEAR(spills.traffic.sum_bytes, 2 * 4 * 27 * 64, 1e-9);
  EXPECT_NEAR(spills.energy_pJ[Component::dram_activate] - fits.energy_pJ[Component::dram_activate],
              2 * 4 * (32 / 8.0) * activate_pJ, 1e-6);
}

// Two channels of two ranks stand by with a row open and refresh, 420 of every 9360 ns.
TEST(MemoryByHand, AllRanksOfAllChannelsStandByAndRefresh) {
  const double standby = 1.2 * 8 * 42, refresh = 1.2 * 8 * (250 - 42) * 420 / 9360;
  for (auto [name, input] : hand_cases()) {
    const CostReport report = simulate_cost(input);
    EXPECT_NEAR(report.energy_pJ[Component::dram_background] / report.time_ns,
                (standby + refresh) * 2 * 2, 1e-6)
        << name;
    input.memory.dram.refresh = false;
    const CostReport without = simulate_cost(input);
    EXPECT_NEAR(without.energy_pJ[Component::dram_background] / without.time_ns, standby * 2 * 2,
                1e-6)
        << name;
  }
}

// 4 bits a weight are written once and read again at every visit.
TEST(MemoryByHand, StoredWeightsAreWrittenOnceAndReadAtEveryVisit) {
  for (const auto& [name, input] : hand_cases()) {
    const HandLayer layer = hand_layer(input);
    double by_hand = 0;
    for (const HandTile& tile : layer.tiles) {
      const double weights = tile.block_rows * tile.block_columns * tile.groups;
      by_hand += hand_words(weights / 2, input.memory.weight_buffer) * (3 + layer.blocks * 2);
    }
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::weight_buffer], by_hand, 1e-9 * by_hand)
        << name;
  }
}

// Where settings are slow to work out they are stored: 500 of 6 bits a tile.
TEST(MemoryByHand, StoredSettingsAreThoseOfAllDevices) {
  for (auto [name, input] : hand_cases()) {
    input.core.cost.decompose_operations = 1e6;
    const HandLayer layer = hand_layer(input);
    const double bytes = 500 * 6 / 8.0, moved = bytes * static_cast<double>(layer.tiles.size());
    const StreamReport stream = simulate_stream(input);
    const double by_hand = static_cast<double>(layer.tiles.size()) *
                           hand_words(bytes, input.memory.weight_buffer) * (3 + layer.blocks * 2);
    EXPECT_NEAR(stream.first.energy_pJ[Component::weight_buffer], by_hand, 1e-9 * by_hand) << name;
    EXPECT_EQ(stream.first.energy_pJ[Component::decomposition], 0) << name;
    EXPECT_NEAR(stream.first.traffic.weight_bytes, 64 * hand_bursts(moved), 1e-9) << name;
    const double rows =
        activates(moved) + activates(layer.inputs * 2) + activates(layer.outputs * 2);
    EXPECT_NEAR(stream.first.energy_pJ[Component::dram_activate], rows * activate_pJ,
                1e-9 * rows * activate_pJ)
        << name;
    EXPECT_NEAR(stream.steady.resident_bytes, moved, 1e-9) << name;
  }
}

// Bytes of every visit in words of 2, and registers of the line buffer for every input of a vector.
TEST(MemoryByHand, MapsAndPartialSumsPassTheActivationBuffer) {
  for (const auto& [name, input] : hand_cases()) {
    const HandLayer layer = hand_layer(input);
    double by_hand = 0;
    for (const HandTile& tile : layer.tiles) {
      const HandBytes bytes = hand_activations(input, layer, tile);
      by_hand += layer.blocks * (hand_words(bytes.read, input.memory.activation_buffer) * 0.8 +
                                 hand_words(bytes.written, input.memory.activation_buffer) * 0.9);
      by_hand += layer.vectors * tile.columns * 16 * 0.013;
    }
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::activation_buffer], by_hand,
                1e-9 * by_hand)
        << name;
  }
}

// What stands between the layers reads and writes its elements of 2 bytes, per image, besides.
TEST(MemoryByHand, WorkBetweenTheLayersPassesTheActivationBufferAgain) {
  for (auto [name, input] : hand_cases()) {
    const double before = simulate_cost(input).energy_pJ[Component::activation_buffer];
    input.layers[0].digital = {.adds = 1, .reads = 4200, .writes = 2100};
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::activation_buffer] - before,
                input.batch * (4200 * 0.8 + 2100 * 0.9), 1e-6)
        << name;
  }
}

TEST(MemoryByHand, WithoutALineBufferEveryInputOfAVectorIsRead) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 24, 3, 6), 4)};
  input.memory.line_buffer = false;
  const double read = 36 * 90, sums = 4 * 36 * 24 * 2, results = 36 * 24;  // words; 5 columns
  EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::activation_buffer],
              (read + sums) * 0.8 + (sums + results) * 0.9, 1e-6);
}

TEST(MemoryByHand, AllBuffersLeakAllTheTime) {
  for (const auto& [name, input] : hand_cases()) {
    const CostReport report = simulate_cost(input);
    EXPECT_NEAR(report.energy_pJ[Component::buffer_leakage], report.time_ns * (7 + 1.5 + 13),
                1e-9 * report.time_ns)
        << name;
    EXPECT_EQ(report.energy_pJ[Component::tile_buffer], 0) << name;  // nothing is regenerated
  }
}

// 9 KB of input and 9 KB of results: each fits 12 KB, both do not. The first layer's results go to
// the DRAM, and the second one's inputs come from there.
TEST(MemoryByHand, AMapLeavesTheChipWhereInputAndOutputDoNotFitTogether) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(18, 18, 1, 16), 4), reload_layer(conv(18, 18, 1, 16), 4)};
  const double map = 16 * 16 * 18 * 2;
  input.memory.activation_buffer.capacity_KB = 12;
  const CostReport spilled = simulate_cost(input);
  EXPECT_TRUE(spilled.layers[0].spills_output);
  EXPECT_EQ(spilled.traffic.input_bytes, 2 * map);
  EXPECT_EQ(spilled.traffic.output_bytes, 2 * map);
  input.memory.activation_buffer.capacity_KB = 2 * map / 1024;  // to the byte
  const CostReport kept = simulate_cost(input);
  EXPECT_FALSE(kept.layers[0].spills_output);
  EXPECT_EQ(kept.traffic.input_bytes, map);
  EXPECT_EQ(kept.traffic.output_bytes, map);
}

TEST(MemoryByHand, WhoStoresSettingsPaysTheSameWhateverWordsTheyStandFor) {
  CostInput input = hand_card();
  input.core.cost.decompose_operations = 1e6;
  const auto cost = [&](int bits) {
    input.layers = {reload_layer(conv(10, 30, 3, 6), bits)};
    return simulate_cost(input);
  };
  const CostReport two = cost(2), dense = cost(32);
  EXPECT_EQ(two.time_ns, dense.time_ns);
  EXPECT_EQ(two.energy_pJ, dense.energy_pJ);
}

}  // namespace
}  // namespace lightloom::cosim
