#include "cosim/cost/cost_simulation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "memory/traffic/dram_estimate.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"

namespace lightloom::cosim {
namespace {

double energy(const CostReport& report, Component component) { return report.energy_pJ[component]; }

/// Everything but the core costs no time: memory as fast as numbers go.
CostInput free_memory(std::vector<CostLayer> layers) {
  CostInput input{.layers = std::move(layers), .core = round_core()};
  input.memory.dram.clock_ns = 1e-9;
  input.memory.activation_buffer = {.capacity_KB = 1e6, .access_ns = 1e-9};
  input.memory.weight_buffer = {.capacity_KB = 1e6, .access_ns = 1e-9};
  input.memory.tile_buffer = {.capacity_KB = 1e6, .access_ns = 1e-9};
  return input;
}

CostInput multilevel_input(const std::string& kind) {
  CostInput input{.layers = {multilevel_layer(conv(256, 256, 3, 8), 2, 44, 3, 6, 3),
                             multilevel_layer(conv(256, 512, 3, 4), 2, 44, 3, 6, 3)},
                  .core = round_core()};
  input.generator.kind = kind;
  return input;
}

TEST(Cost, OneTileOnFreeMemoryTakesProgrammingPlusItsSymbols) {
  const CostReport report = simulate_cost(free_memory({reload_layer(conv(64, 64, 1, 7), 8)}));
  EXPECT_EQ(report.tiles, 1);
  EXPECT_NEAR(report.time_ns, 4096 / 64.0 / 1.25 + 100 + 49, 1e-6);
  EXPECT_NEAR(energy(report, Component::programming), 4096 * 10, 1e-9);
  EXPECT_NEAR(energy(report, Component::input_converters), 49 * 64 * 0.1, 1e-9);
  EXPECT_NEAR(energy(report, Component::output_converters), 49 * 64 * 1.0, 1e-9);
  EXPECT_NEAR(energy(report, Component::laser), 49 * 100, 1e-9);
  EXPECT_NEAR(energy(report, Component::hold), report.time_ns * 4096 * 0.01, 1e-6);
  EXPECT_NEAR(energy(report, Component::core_static), report.time_ns * 10, 1e-6);
  EXPECT_EQ(report.bound_by, TimePart::programming);
}

TEST(Cost, WithoutShadowSettingsTilesTakeProgrammingAndStreamingInTurn) {
  CostInput input = free_memory({reload_layer(conv(64, 192, 1, 8), 8)});
  const double program = 51.2 + 100, compute = 64;
  EXPECT_NEAR(simulate_cost(input).time_ns, 3 * (program + compute), 1e-6);
  input.programming.shadow_settings = true;
  EXPECT_NEAR(simulate_cost(input).time_ns, 3 * program + compute, 1e-6);
}

TEST(Cost, ZeroSettlingAndEnoughLanesLeaveOnlyTheSymbols) {
  CostInput input = free_memory({reload_layer(conv(64, 192, 1, 32), 8)});
  input.core.cost.settle_ns = 0;
  input.programming = {.lanes = 0, .rate_GHz = 1e12};
  const CostReport report = simulate_cost(input);
  EXPECT_NEAR(report.time_ns, 3 * 1024, 1e-4);  // "free" memory still takes 6 as
  EXPECT_EQ(report.bound_by, TimePart::core);
}

TEST(Cost, AMemoryBoundLayerTakesItsBytesOverTheEffectiveBandwidth) {
  CostInput input = free_memory({reload_layer(conv(512, 512, 3, 1), 32)});
  input.core.cost.settle_ns = 0;
  input.programming = {.lanes = 0, .rate_GHz = 1e12};
  input.memory.dram = {};
  const CostReport report = simulate_cost(input);
  const double bytes = 512 * 512 * 9 * 4 + 512 + 512;
  const double stream_ns = bytes / memory::estimate_runs(input.memory.dram, bytes).bandwidth_GBps;
  EXPECT_NEAR(report.time_ns, stream_ns,
              0.002 * stream_ns);  // the last tile's compute and the first access
  EXPECT_EQ(report.bound_by, TimePart::dram);
}

TEST(Cost, LayersAddUpToTheWholeInTimeEnergyAndBytes) {
  for (const char* kind : {"electronic", "photonic"}) {
    const CostReport report = simulate_cost(multilevel_input(kind));
    double time = 0, energy_sum = 0, critical = 0, bytes = 0;
    for (const LayerCost& layer : report.layers) {
      time += layer.time_ns();
      energy_sum += total(layer.energy_pJ);
      bytes += layer.traffic.sum();
      critical += std::accumulate(layer.critical_ns.begin(), layer.critical_ns.end(), 0.0);
    }
    EXPECT_NEAR(time, report.time_ns, 1e-9 * report.time_ns);
    EXPECT_NEAR(critical, report.time_ns, 1e-9 * report.time_ns);
    EXPECT_NEAR(energy_sum, total(report.energy_pJ), 1e-9 * energy_sum);
    EXPECT_EQ(bytes, report.traffic.sum());
    for (const StageCost& s : report.stages)
      EXPECT_NEAR(s.busy_ns + s.wait_data_ns + s.wait_slot_ns + s.wait_dependency_ns +
                      s.wait_shared_ns + s.wait_turn_ns + s.fill_ns + s.drain_ns,
                  report.time_ns, 1e-9 * report.time_ns);
  }
}

TEST(Cost, EveryStoredBitCrossesTheDramOnceInWholeBursts) {
  const CostReport report = simulate_cost(multilevel_input("electronic"));
  const double bits = 171336;  // C = 256, (2, 44; 3, 6, 3): 792 x 3 + 22528 x 6 + 11264 x 3
  EXPECT_EQ(report.layers[0].traffic.weight_bytes, std::ceil(bits / 8 / 64) * 64);
  const CostReport plain =
      simulate_cost({.layers = {reload_layer(conv(256, 256, 3, 8), 8)}, .core = round_core()});
  EXPECT_EQ(plain.traffic.weight_bytes, 256 * 256 * 9);
  EXPECT_EQ(plain.traffic.input_bytes, 256 * 64);
  EXPECT_EQ(plain.traffic.output_bytes, 256 * 64);
}

TEST(Cost, GenerationDoesTheSourcesMacs) {
  const CostReport report = simulate_cost(multilevel_input("electronic"));
  const std::int64_t macs = std::int64_t{44} * 256 * 2 * 9 + std::int64_t{256} * 44 * 256 * 9;
  EXPECT_NEAR(static_cast<double>(report.layers[0].generation_macs), static_cast<double>(macs),
              200);  // rounded by tile
  EXPECT_NEAR(energy(report, Component::generator),
              0.23 * static_cast<double>(report.layers[0].generation_macs +
                                         report.layers[1].generation_macs),
              1e-3);
}

TEST(Cost, DynamicEnergyDoesNotDependOnBuffering) {
  CostInput input = multilevel_input("electronic");
  const CostReport twice = simulate_cost(input);
  input.schedule.weight_slots = input.schedule.tile_slots = 1;
  const CostReport once = simulate_cost(input);
  EXPECT_GE(once.time_ns, twice.time_ns);
  for (const Component c :
       {Component::dram_transfer, Component::dram_activate, Component::weight_buffer,
        Component::tile_buffer, Component::activation_buffer, Component::generator,
        Component::programming, Component::laser})
    EXPECT_EQ(energy(once, c), energy(twice, c)) << component_name(c);
  EXPECT_GT(energy(once, Component::buffer_leakage), energy(twice, Component::buffer_leakage));
}

TEST(Cost, AMeshPaysForTheDecompositionOfRegeneratedWeightsAndStoresSettingsOtherwise) {
  CostInput input = multilevel_input("electronic");
  input.core.cost.devices = 8128;
  input.core.cost.decompose_operations = 1e6;
  const CostReport regenerated = simulate_cost(input);
  const auto tiles = static_cast<double>(regenerated.tiles);
  EXPECT_NEAR(energy(regenerated, Component::decomposition), tiles * 1e6 * 2.3, 1e-3);
  EXPECT_GE(regenerated.time_ns, tiles * 1e6 / 64);
  EXPECT_EQ(regenerated.bound_by, TimePart::settings);
  input.layers = {reload_layer(conv(256, 256, 3, 8), 8)};
  const CostReport stored = simulate_cost(input);
  EXPECT_EQ(energy(stored, Component::decomposition), 0);
  EXPECT_EQ(stored.traffic.weight_bytes, 4 * 36 * 8128);
}

TEST(Cost, AStoredLayerWithALookUpKeepsTheSmallerOfWeightsAndSettings) {
  CostInput input{.core = round_core()};
  input.core.cost.decompose_operations =
      4096;  // one look-up a weight: 64 ns a tile, below any fetch
  const nn::LayerShape shape = conv(40, 40, 3, 8);  // 6 tiles, 40 of 64 rows used
  for (const int bits : {4, 8, 32}) {
    input.layers = {reload_layer(shape, bits)};
    const CostReport report = simulate_cost(input);
    const double weights = 40 * 40 * 9 * bits / 8.0, settings = 6 * 4096;
    const bool as_weights = weights < settings;
    EXPECT_NEAR(report.traffic.weight_bytes, as_weights ? weights : settings, 6 * 64) << bits;
    EXPECT_NEAR(energy(report, Component::decomposition), as_weights ? 6 * 4096 * 2.3 : 0, 1e-3)
        << bits;
  }
}

TEST(Cost, CopiesOnIdleCoresShareTheInputVectors) {
  CostInput input = free_memory({reload_layer(conv(64, 64, 1, 32), 8)});  // one tile, 1024 vectors
  input.schedule.cores = 4;
  const CostReport shared = simulate_cost(input);
  input.schedule.replicate = false;
  const CostReport alone = simulate_cost(input);
  EXPECT_EQ(shared.layers[0].replicas, 4);
  EXPECT_EQ(alone.layers[0].replicas, 1);
  EXPECT_NEAR(alone.time_ns - shared.time_ns, 1024 - 256, 1e-4);
  EXPECT_NEAR(energy(shared, Component::output_converters),
              energy(alone, Component::output_converters), 1e-6);
  EXPECT_NEAR(energy(shared, Component::programming), 4 * energy(alone, Component::programming),
              1e-6);
  EXPECT_NEAR(shared.traffic.sum(), alone.traffic.sum(), 1e-6);
}

TEST(Cost, MoreCoresAreBoughtWithStaticPowerAndArea) {
  CostInput input = free_memory({reload_layer(conv(64, 512, 1, 32), 8)});  // eight tiles
  const CostReport one = simulate_cost(input);
  input.schedule.cores = 4;
  const CostReport four = simulate_cost(input);
  EXPECT_NEAR(four.time_ns, one.time_ns / 4, 1e-4);
  EXPECT_NEAR(energy(four, Component::core_static) / four.time_ns,
              4 * energy(one, Component::core_static) / one.time_ns, 1e-6);
  EXPECT_NEAR(four.area_mm2() - one.area_mm2(), 3 * input.core.cost.area_mm2, 1e-9);
  EXPECT_NEAR(energy(four, Component::programming), energy(one, Component::programming), 1e-6);
}

TEST(Cost, CoresShareTheActivationBuffer) {
  CostInput input = free_memory({reload_layer(conv(64, 512, 1, 32), 8)});
  input.memory.activation_buffer.access_ns = 10;  // far slower than the core
  input.core.cost.settle_ns = 0;
  const CostReport one = simulate_cost(input);
  input.schedule.cores = 4;
  EXPECT_NEAR(simulate_cost(input).time_ns, one.time_ns, 0.01 * one.time_ns);
}

TEST(Cost, RefusesGenerationWithoutAGeneratorAndAnalogWeightsForAMesh) {
  CostInput input = multilevel_input(no_generator);
  EXPECT_THROW(simulate_cost(input), Error);
  input.generator = {.kind = "photonic", .handover = Handover::analog};
  EXPECT_NO_THROW(simulate_cost(input));
  input.core.cost.decompose_operations = 1;
  EXPECT_THROW(simulate_cost(input), Error);
  EXPECT_THROW(simulate_cost({.core = round_core()}), Error);
}

TEST(Cost, ASmallWeightBufferMakesCoefficientsTravelAgain) {
  CostInput input = multilevel_input("electronic");
  const double once = simulate_cost(input).traffic.weight_bytes;
  input.memory.weight_buffer.capacity_KB = 4;
  const CostReport again = simulate_cost(input);
  EXPECT_TRUE(again.layers[0].weights_refetched);
  EXPECT_GT(again.traffic.weight_bytes, 2 * once);
}

TEST(Cost, DigitalWorkBehindALayerTakesItsTimeEnergyAndBufferTraffic) {
  CostInput input = free_memory({reload_layer(conv(128, 128, 1, 8), 8)});  // two rows of two tiles
  const CostReport bare = simulate_cost(input);
  input.layers[0].digital = {.adds = 6400, .multiplies = 640, .lookups = 320};
  input.batch = 3;
  CostInput without = input;
  without.layers[0].digital = {};
  const CostReport plain = simulate_cost(without), report = simulate_cost(input);
  EXPECT_EQ(report.layers[0].digital_operations, 3 * 7360);
  EXPECT_NEAR(energy(report, Component::post_processing), 3 * (640 + 640 * 3.1 + 320 * 1.6), 1e-6);
  EXPECT_EQ(energy(plain, Component::post_processing), 0);
  // Half of it, that of the second row, has nothing to hide behind.
  EXPECT_NEAR(report.time_ns - plain.time_ns, 3 * 7360 / 256.0 / 2, 1e-6);
  EXPECT_EQ(bare.stages.size() + 1, report.stages.size());
  input.digital.vector_operations_per_ns = 1e12;
  EXPECT_NEAR(simulate_cost(input).time_ns, plain.time_ns, 1e-6);
  input.layers[0].digital = {.reads = 1000, .writes = 500};
  const CostReport moved = simulate_cost(input);
  const memory::BufferCard& buffer = input.memory.activation_buffer;
  const auto figures = memory::buffer_figures(buffer);
  EXPECT_NEAR(energy(moved, Component::activation_buffer),
              energy(plain, Component::activation_buffer) +
                  2 * memory::read_energy_pJ(buffer, figures, 1500) +
                  2 * memory::write_energy_pJ(buffer, figures, 750),
              1e-6 * energy(moved, Component::activation_buffer));
}

TEST(Cost, DigitalWorkOfAFactoredLayerIsDoneOnce) {
  CostInput input{.layers = {multilevel_layer(conv(64, 64, 3, 8), 2, 16, 3, 6, 3)},
                  .core = round_core()};
  input.layers[0].way = WeightDelivery::factored;
  input.layers[0].digital = {.adds = 1000};
  const CostReport report = simulate_cost(input);
  EXPECT_EQ(report.layers[0].digital_operations, 1000);
  EXPECT_NEAR(energy(report, Component::post_processing), 100, 1e-9);
}

// Outputs with scales of their own are multiplied with them, unless a normalisation does that.
TEST(Cost, ScalesOfOutputsAreMultipliedWithOrJoinTheNormalisation) {
  CostInput input{.layers = {multilevel_layer(conv(64, 64, 3, 8), 2, 16, 3, 6, 3)},
                  .core = round_core(),
                  .batch = 3};
  input.layers[0].way = WeightDelivery::reload;
  input.layers[0].digital = {.adds = 1000};
  const CostReport plain = simulate_cost(input);
  input.core.weight_scales = photonic::WeightScales::output;
  const CostReport scaled = simulate_cost(input);
  const std::int64_t outputs = 3 * 8 * 8 * 64;
  EXPECT_EQ(scaled.layers[0].digital_operations, plain.layers[0].digital_operations + outputs);
  EXPECT_NEAR(energy(scaled, Component::post_processing),
              energy(plain, Component::post_processing) +
                  static_cast<double>(outputs) * input.digital.multiply_pJ,
              1e-6);
  input.layers[0].normalised = true;
  const CostReport joined = simulate_cost(input);
  EXPECT_EQ(joined.layers[0].digital_operations, plain.layers[0].digital_operations);
  EXPECT_EQ(joined.energy_J(), plain.energy_J());
  EXPECT_EQ(joined.time_ns, plain.time_ns);
  input.layers[0].way = WeightDelivery::factored;  // U and the basis are multiplied with theirs
  EXPECT_EQ(simulate_cost(input).layers[0].digital_operations, 3000 + 3 * 8 * 8 * (16 * 2 + 16));
}

TEST(Cost, FullSizeNetworkSchedules) {
  CostInput input{.core = round_core()};
  for (const auto& shape : resnet18())
    input.layers.push_back(shape.kernel_area() > 1 ? multilevel_layer(shape, 2, 44, 3, 6, 3)
                                                   : reload_layer(shape, 8));
  input.generator.kind = "photonic";
  const CostReport report = simulate_cost(input);
  std::int64_t macs = 0;
  for (const LayerCost& layer : report.layers) macs += layer.macs;
  EXPECT_NEAR(static_cast<double>(macs), 1.814e9, 0.001e9);  // ResNet-18 at 224 x 224
}

}  // namespace
}  // namespace lightloom::cosim
