#include "cosim/layers/time_parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "memory/traffic/dram_estimate.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// One tile, 33 x 33 vectors, on hardware that takes no time at all.
CostInput nothing_takes_time() {
  CostInput input{.layers = {reload_layer(conv(64, 64, 1, 33), 8)}, .core = round_core()};
  input.core.cost.settle_ns = 0;
  input.core.cost.symbol_rate_GHz = 1e9;
  input.programming = {.lanes = 0, .rate_GHz = 1e12};
  input.memory.dram.clock_ns = 1e-9;
  for (memory::BufferCard* buffer :
       {&input.memory.activation_buffer, &input.memory.weight_buffer, &input.memory.tile_buffer})
    *buffer = {.capacity_KB = 1e6, .word_bytes = 32, .banks = 2, .access_ns = 1e-9};
  return input;
}

/// Everything but this part is as good as free.
void expect_only(const CostReport& report, TimePart part, double ns) {
  EXPECT_EQ(report.bound_by, part) << part_name(report.bound_by);
  EXPECT_EQ(report.layers[0].bound_by, part);
  EXPECT_NEAR(report.critical_parts_ns[part], ns, 1e-4 * ns) << part_name(part);
  EXPECT_NEAR(report.time_ns, ns, 1e-3 * ns) << part_name(part);
}

TEST(TimeParts, TheCoreTakesASymbolAVector) {
  CostInput input = nothing_takes_time();
  input.core.cost.symbol_rate_GHz = 5;
  expect_only(simulate_cost(input), TimePart::core, 1089 / 5.0);
}

// 64 bytes read and 64 written a vector, from 2 banks of 32 bytes.
TEST(TimeParts, TheActivationBufferIsNotTheCore) {
  CostInput input = nothing_takes_time();
  input.core.cost.symbol_rate_GHz = 5;
  input.memory.activation_buffer.access_ns = 2;
  const CostReport slow = simulate_cost(input);
  expect_only(slow, TimePart::activation_buffer, 1089 * 128 / 32.0);
  EXPECT_EQ(slow.critical_parts_ns[TimePart::core], 0);
  input.memory.activation_buffer.banks = 64;  // 0.125 ns a vector: the light binds
  expect_only(simulate_cost(input), TimePart::core, 1089 / 5.0);
}

TEST(TimeParts, TheDigitalUnitAndTheBufferBehindALayerAreTwo) {
  CostInput input = nothing_takes_time();
  input.layers[0].digital = {.adds = 256000, .reads = 6400};
  expect_only(simulate_cost(input), TimePart::post_processing, 256000 / 256.0);
  input.digital.vector_operations_per_ns = 1e9;
  input.layers[0].digital.reads = 64000000;
  input.memory.activation_buffer.access_ns = 1;
  expect_only(simulate_cost(input), TimePart::activation_buffer, 1089 * 2 + 1e6);
}

TEST(TimeParts, ProgrammingAndSettingsAreTwo) {
  CostInput input = nothing_takes_time();
  input.programming = {.lanes = 64, .rate_GHz = 2};
  expect_only(simulate_cost(input), TimePart::programming, 32);
  input.core.cost.decompose_operations = 4e6;
  input.memory.dram.clock_ns = 1e6;  // settings of 32 bits take four times the bursts of weights
  input.programming = {.lanes = 0, .rate_GHz = 1e12, .setting_bits = 32};
  input.digital.operations_per_ns = 1e-5;
  const CostReport report = simulate_cost(input);
  EXPECT_GT(report.critical_parts_ns[TimePart::dram], 0);
  input.memory.dram.clock_ns = 1e-9;
  input.layers = {multilevel_layer(conv(64, 64, 3, 1), 2, 8, 4, 4, 4)};
  input.generator = {.kind = "electronic"};
  input.generator.electronic = {.macs_per_ns = 1e12};
  expect_only(simulate_cost(input), TimePart::settings, 9 * 4e6 / 1e-5);
}

TEST(TimeParts, TheWeightBufferTheTileBufferAndTheGeneratorAreThree) {
  CostInput input = nothing_takes_time();
  input.memory.weight_buffer.access_ns = 100;  // 0.64 bytes a ns
  expect_only(simulate_cost(input), TimePart::weight_buffer, 4096 / 0.64);
  input.memory.weight_buffer.access_ns = 1e-9;
  input.layers = {multilevel_layer(conv(64, 64, 1, 1), 0, 8, 4, 4, 4)};
  input.layers[0].work = {.cross_macs = 64 * 8 * 64};
  input.layers[0].factors->intra = 0;
  input.layers[0].factors->intra_level = false;
  input.generator = {.kind = "electronic"};
  input.generator.electronic = {.macs_per_ns = 64};
  expect_only(simulate_cost(input), TimePart::generator, 512);
  input.memory.tile_buffer.access_ns = 100;  // one level: the weights alone pass it
  expect_only(simulate_cost(input), TimePart::tile_buffer, 4096 / 0.64);
}

TEST(TimeParts, TheDramsLatencyItsTurnaroundsAndItsBurstsAreThree) {
  CostInput input = nothing_takes_time();
  const CostReport free = simulate_cost(input);
  input.layers.push_back(reload_layer(conv(64, 64, 1, 33), 8));
  input.memory.dram.clock_ns = 0.625;
  input.memory.activation_buffer.capacity_KB = 1;  // every map goes through the DRAM
  const CostReport report = simulate_cost(input);
  const memory::DramCard& dram = input.memory.dram;
  const memory::DramTiming& t = dram.timing;
  const double turn = (t.cwl + t.wtr_l + dram.organization.burst_cycles) * dram.clock_ns;
  const PartTimes& parts = report.critical_parts_ns;
  EXPECT_EQ(report.bound_by, TimePart::dram);
  EXPECT_NEAR(parts[TimePart::dram_latency],
              (t.rcd_read + t.cl + dram.controller.pipeline_cycles) * dram.clock_ns, 1e-9);
  // Read, write, read, write.
  EXPECT_NEAR(parts[TimePart::dram_turnaround], 3 * turn, 1e-9);
  EXPECT_NEAR(parts[TimePart::dram] + parts[TimePart::dram_latency] + 3 * turn, report.time_ns,
              1e-4 * report.time_ns);
  EXPECT_EQ(free.critical_parts_ns[TimePart::dram_turnaround], 0);
}

/// A network with every part in it.
CostInput network(bool small) {
  CostInput input{.core = round_core()};
  for (const auto& shape : resnet18()) {
    const bool wide = shape.kernel_area() == 9 && shape.in_channels >= 64;
    input.layers.push_back(wide ? multilevel_layer(shape, 2, 44, 3, 6, 3) : reload_layer(shape, 8));
    input.layers.back().digital = {.adds = 100000, .multiplies = 100000, .reads = 50000};
  }
  input.generator.kind = "photonic";
  input.schedule.cores = small ? 3 : 1;
  input.memory.activation_buffer = {.capacity_KB = small ? 64.0 : 4096.0, .access_ns = 2};
  return input;
}

TEST(TimeParts, AddUpToTheTimeAndToEveryStagesShare) {
  for (const bool small : {false, true}) {
    const CostReport report = simulate_cost(network(small));
    EXPECT_NEAR(total(report.critical_parts_ns), report.time_ns, 1e-9 * report.time_ns);
    PartTimes layers;
    double stages = 0;
    for (const LayerCost& layer : report.layers) {
      add(layers, layer.critical_parts_ns);
      stages += std::accumulate(layer.critical_ns.begin(), layer.critical_ns.end(), 0.0);
      EXPECT_EQ(layer.bound_by, largest(layer.critical_parts_ns));
    }
    EXPECT_EQ(layers, report.critical_parts_ns);
    EXPECT_NEAR(report.time_ns - stages, layers[TimePart::dram_turnaround], 1e-9 * report.time_ns);
    EXPECT_GT(layers[TimePart::dram_turnaround], 0);  // the last results are written
    for (const StageCost& stage : report.stages)
      EXPECT_NEAR(total(stage.busy_parts_ns), stage.busy_ns, 1e-9 * report.time_ns)
          << stage_name(stage.stage);
  }
}

TEST(TimeParts, AStallForTheDramsTurnIsAStateOfItsOwn) {
  const CostReport report = simulate_cost(network(true));
  double turns = 0;
  for (const StageCost& s : report.stages) {
    EXPECT_NEAR(s.busy_ns + s.wait_data_ns + s.wait_slot_ns + s.wait_dependency_ns +
                    s.wait_shared_ns + s.wait_turn_ns + s.fill_ns + s.drain_ns,
                report.time_ns, 1e-9 * report.time_ns);
    EXPECT_GE(s.wait_shared_ns, 0);
    turns += s.wait_turn_ns;
  }
  EXPECT_GE(turns, report.critical_parts_ns[TimePart::dram_turnaround]);
}

TEST(Roofline, TheRoofNamesTheBufferOrTheDramItIs) {
  CostInput input = nothing_takes_time();
  input.core.cost.symbol_rate_GHz = 1;
  const auto layer = [&] { return simulate_cost(input).layers[0]; };
  EXPECT_EQ(layer().roof, TimePart::core);
  EXPECT_EQ(layer().roof_macs_per_ns, 64 * 64);
  input.memory.activation_buffer.access_ns = 4;  // 16 bytes a ns, 128 a vector of 4096 MACs
  EXPECT_EQ(layer().roof, TimePart::activation_buffer);
  EXPECT_NEAR(layer().roof_macs_per_ns, 4096 / 8.0, 1e-9);
  input.schedule.cores = 4;  // they share one buffer
  EXPECT_NEAR(layer().roof_macs_per_ns, 4096 / 8.0, 1e-9);
  input.schedule.cores = 1;
  input.memory.weight_buffer.access_ns = 1e4;  // 4096 bytes at 0.0064 a ns
  EXPECT_EQ(layer().roof, TimePart::weight_buffer);
  EXPECT_NEAR(layer().roof_macs_per_ns, 4096 * 1089 * 0.0064 / 4096, 1e-9);
  input.memory.dram.clock_ns = 1e4;
  const double GBps = memory::estimate_runs(input.memory.dram, 1e9).bandwidth_GBps;
  EXPECT_EQ(layer().roof, TimePart::dram);
  EXPECT_NEAR(layer().roof_macs_per_ns, 4096 * 1089 * GBps / layer().traffic.sum(), 1e-9);
}

TEST(Roofline, NoLayerByItselfRisesAboveIt) {
  CostInput input = network(true);
  for (const CostLayer& layer : network(true).layers) {
    input.layers = {layer};
    const LayerCost alone = simulate_cost(input).layers[0];
    EXPECT_LE(alone.attained_macs_per_ns, alone.roof_macs_per_ns * (1 + 1e-12)) << alone.name;
  }
}

}  // namespace
}  // namespace lightloom::cosim
