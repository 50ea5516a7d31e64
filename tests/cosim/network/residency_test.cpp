#include "cosim/network/residency.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "memory/buffers/edram.hpp"
#include "memory/dram/dram_energy.hpp"
#include "memory/traffic/dram_estimate.hpp"
#include "tests/cosim/by_hand/hand_card.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// Three layers of 36,864, 8192 and 4096 bytes: 9, 2 and 1 tiles of 4096.
CostInput three_layers(double buffer_KB) {
  CostInput input{
      .layers = {reload_layer(conv(64, 64, 3, 9), 8), reload_layer(conv(64, 128, 1, 9), 8),
                 reload_layer(conv(64, 64, 1, 9), 8)},
      .core = round_core()};
  input.memory.weight_buffer.capacity_KB = buffer_KB;
  return input;
}

double spent_on(const CostReport& report, Component component) {
  return report.energy_pJ[component];
}

// The second batch takes no bursts and no buffer writes of weights, and standing power for less
// long.
TEST(Residency, WeightsThatFitAreNotFetchedAgain) {
  CostInput input = three_layers(48);  // 49,152 bytes: all of it, to the byte
  const auto [first, steady] = simulate_stream(input);
  EXPECT_EQ(first.traffic.weight_bytes, 49152);
  EXPECT_EQ(steady.traffic.weight_bytes, 0);
  EXPECT_EQ(steady.resident_bytes, 49152);
  EXPECT_EQ(steady.traffic.input_bytes, first.traffic.input_bytes);
  EXPECT_EQ(steady.traffic.output_bytes, first.traffic.output_bytes);
  const memory::DramEnergy dram = memory::dram_energy(input.memory.dram);
  const double atom = input.memory.dram.organization.atom_bytes();
  EXPECT_NEAR(
      spent_on(first, Component::dram_transfer) - spent_on(steady, Component::dram_transfer),
      49152 / atom * (dram.read_pJ + dram.io_pJ), 1e-3);
  const auto figures = memory::buffer_figures(input.memory.weight_buffer);
  EXPECT_NEAR(
      spent_on(first, Component::weight_buffer) - spent_on(steady, Component::weight_buffer),
      memory::write_energy_pJ(input.memory.weight_buffer, figures, 49152), 1e-3);
  for (const Component c : {Component::dram_background, Component::buffer_leakage, Component::hold,
                            Component::core_static})
    EXPECT_NEAR(spent_on(steady, c) / steady.time_ns, spent_on(first, c) / first.time_ns, 1e-9)
        << component_name(c);
  for (const Component c : {Component::programming, Component::laser, Component::input_converters,
                            Component::activation_buffer})
    EXPECT_EQ(spent_on(steady, c), spent_on(first, c)) << component_name(c);
  EXPECT_LT(steady.time_ns, first.time_ns);
  EXPECT_NEAR(total(steady.critical_parts_ns), steady.time_ns, 1e-9 * steady.time_ns);
}

// Settings that stay, over batches or over blocks of vectors, are still read for every visit.
TEST(Residency, SettingsThatStayAreReadAsWhenTheyCame) {
  CostInput input = three_layers(1000);
  input.core.cost.decompose_operations = 1e6;  // settings come ready made: 12 tiles of 4096 bytes
  const memory::BufferCard& buffer = input.memory.weight_buffer;
  const auto figures = memory::buffer_figures(buffer);
  const double read = memory::read_energy_pJ(buffer, figures, 12 * 4096),
               written = memory::write_energy_pJ(buffer, figures, 12 * 4096);
  const auto [first, steady] = simulate_stream(input);
  EXPECT_NEAR(spent_on(first, Component::weight_buffer), read + written, 1e-6 * read);
  EXPECT_NEAR(spent_on(steady, Component::weight_buffer), read, 1e-6 * read);
  input.schedule.dataflow = Dataflow::output_stationary;
  input.schedule.block_vectors = 27;  // three blocks of 81 vectors
  EXPECT_NEAR(spent_on(simulate_cost(input), Component::weight_buffer), 3 * read + written,
              1e-6 * read);
}

// One tile: fetched, programmed, computed; then its inputs alone, for it stays on the core.
TEST(Residency, ASteadyBatchOfOneTileWaitsForItsInputsAlone) {
  CostInput input{.layers = {reload_layer(conv(64, 64, 1, 1), 8)}, .core = round_core()};
  const auto [first, steady] = simulate_stream(input);
  const PartTimes &before = first.critical_parts_ns, &parts = steady.critical_parts_ns;
  EXPECT_NEAR(before[TimePart::programming], 4096.0 / 64 / 1.25 + 100, 1e-9);
  EXPECT_EQ(parts[TimePart::programming], 0);
  // The computation takes less time than the DRAM to turn from reading to writing.
  EXPECT_LT(before[TimePart::activation_buffer], parts[TimePart::dram_turnaround]);
  EXPECT_EQ(parts[TimePart::activation_buffer] + parts[TimePart::core], 0);
  const double stream_ns = 64 / memory::estimate_runs(input.memory.dram, 64).bandwidth_GBps;
  EXPECT_NEAR(parts[TimePart::dram], 2 * stream_ns, 1e-9);  // 64 bytes in and 64 out
  EXPECT_GT(before[TimePart::dram], 3 * stream_ns);
  EXPECT_NEAR(total(parts), steady.time_ns, 1e-9);
}

// Room for two places of 4096 bytes stays free: what is left is 8192 short of the capacity.
TEST(Residency, LayersStayInOrderAsFarAsTheyFitBesideWhatFetchingNeeds) {
  const auto resident = [](double KB) {
    const CostReport steady = simulate_stream(three_layers(KB)).steady;
    return std::vector<double>{steady.layers[0].resident_bytes, steady.layers[1].resident_bytes,
                               steady.layers[2].resident_bytes};
  };
  EXPECT_EQ(resident(48), (std::vector<double>{36864, 8192, 4096}));
  EXPECT_EQ(resident(47), (std::vector<double>{36864, 0, 0}));  // 39,936 left: 3072 too few
  EXPECT_EQ(resident(44), (std::vector<double>{36864, 0, 0}));  // 36,864, to the byte
  EXPECT_EQ(resident(43), (std::vector<double>{0, 8192, 4096}));
  EXPECT_EQ(resident(16), (std::vector<double>{0, 8192, 0}));
  EXPECT_EQ(resident(15), (std::vector<double>{0, 0, 4096}));
  EXPECT_EQ(resident(8), (std::vector<double>{0, 0, 0}));
}

TEST(Residency, WhereNothingFitsEveryBatchIsTheFirst) {
  const auto [first, steady] = simulate_stream(three_layers(4));
  EXPECT_EQ(steady.resident_bytes, 0);
  EXPECT_EQ(steady.time_ns, first.time_ns);
  EXPECT_EQ(steady.energy_pJ, first.energy_pJ);
}

// Two levels: their shared streams stay while a layer runs, so they are not given away.
TEST(Residency, SharedStreamsOfARegeneratedLayerKeepTheirRoom) {
  const auto layer = multilevel_layer(conv(64, 64, 3, 9), 2, 8, 8, 8, 8);
  CostInput input{.layers = {layer, reload_layer(conv(64, 256, 1, 9), 8)}, .core = round_core()};
  input.generator = {.kind = "electronic"};
  const double shared = 8 * 2 * 9 + 8 * 64 * 2 + 64 * 8;  // bytes
  input.memory.weight_buffer.capacity_KB = (shared + 2 * 4096 + 1600) / 1024;
  const CostReport steady = simulate_stream(input).steady;
  EXPECT_EQ(steady.layers[0].resident_bytes, 0);  // 80 too few
  input.memory.weight_buffer.capacity_KB = (shared + 2 * 4096 + 1680) / 1024;
  EXPECT_EQ(simulate_stream(input).steady.layers[0].resident_bytes, shared);
}

TEST(Residency, EverySourceWayAndBufferGainsOrStays) {
  for (const double KB : {4.0, 8.0, 33.0, 128.0, 1000.0, 4096.0, 20000.0})
    for (const bool regenerates : {false, true})
      for (const Dataflow dataflow : {Dataflow::weight_stationary, Dataflow::output_stationary}) {
        CostInput input{.core = round_core()};
        for (const auto& shape : resnet18())
          input.layers.push_back(regenerates && shape.kernel_area() == 9
                                     ? multilevel_layer(shape, 2, 44, 3, 6, 3)
                                     : reload_layer(shape, 8));
        input.generator.kind = "photonic";
        input.schedule.dataflow = dataflow;
        input.memory.weight_buffer.capacity_KB = KB;
        const auto [first, steady] = simulate_stream(input);
        EXPECT_LE(steady.time_ns, first.time_ns * (1 + 1e-9)) << KB << regenerates;
        EXPECT_LE(steady.energy_J(), first.energy_J() * (1 + 1e-9)) << KB << regenerates;
        EXPECT_LE(steady.resident_bytes, input.memory.weight_buffer.bytes());
        EXPECT_EQ(first.time_ns, simulate_cost(input).time_ns);
      }
}

// An eDRAM keeps them only by refreshing them: once a retention time, read and write.
TEST(Residency, WhatStaysInAnEdramIsRefreshedAllTheTime) {
  CostInput input = three_layers(64);
  const double without = spent_on(simulate_stream(input).steady, Component::buffer_leakage);
  memory::BufferCard& buffer = input.memory.weight_buffer;
  buffer.kind = memory::BufferKind::edram;
  buffer.node_nm = 32;
  const CostReport steady = simulate_stream(input).steady;
  const auto figures = memory::buffer_figures(buffer);
  const double words =
      36864.0 / buffer.word_bytes + 8192.0 / buffer.word_bytes + 4096.0 / buffer.word_bytes;
  const double leaks = figures.leakage_mW +
                       memory::buffer_figures(input.memory.tile_buffer).leakage_mW +
                       memory::buffer_figures(input.memory.activation_buffer).leakage_mW;
  EXPECT_NEAR(
      spent_on(steady, Component::buffer_leakage) - leaks * steady.time_ns,
      steady.time_ns / memory::retention_ns(buffer) * words * (figures.read_pJ + figures.write_pJ),
      1e-6 * without);
}

// 1350 and 300 bytes of weights in 1536, tiles of at most 240. Two places for tiles leave 1056
// bytes, which hold the second layer. In blocks of vectors the first layer comes back to all its
// tiles, and needs its 1350 bytes while it runs: nothing stays.
TEST(Residency, LayersInBlocksNeedAllTheirWordsWhileTheyRun) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 30, 3, 6), 4), reload_layer(conv(30, 20, 1, 6), 4)};
  input.memory.weight_buffer.capacity_KB = 1.5;
  EXPECT_EQ(simulate_stream(input).steady.resident_bytes, 300);
  input.schedule.dataflow = Dataflow::output_stationary;
  EXPECT_EQ(simulate_stream(input).steady.resident_bytes, 0);
  input.memory.weight_buffer.capacity_KB = 2.25;  // all fit
  EXPECT_EQ(simulate_stream(input).steady.resident_bytes, 1650);
}

}  // namespace
}  // namespace lightloom::cosim
