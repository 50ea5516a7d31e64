#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "cosim/cost/way_choice.hpp"
#include "cosim/network/factored_layers.hpp"
#include "cosim/studies/break_even.hpp"
#include "memory/traffic/dram_estimate.hpp"
#include "memory/traffic/request_source.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

CostInput one_layer(WeightDelivery way, const std::string& kind = "electronic") {
  CostInput input{.layers = {multilevel_layer(conv(256, 256, 3, 8), 2, 44, 3, 6, 3)},
                  .core = round_core()};
  input.layers[0].way = way;
  input.generator.kind = kind;
  return input;
}

TEST(Ways, AFactoredLayerRunsItsThreeFactorsAndStoresOnlyThem) {
  const auto parts = expand_layers(one_layer(WeightDelivery::factored).layers);
  ASSERT_EQ(parts.size(), 3U);
  std::int64_t macs = 0;
  for (const ExpandedLayer& part : parts) macs += part.layer.shape.macs();
  // in * Bc Bi + Bc Bi k^2 + out * Bc, at 64 positions each
  EXPECT_EQ(macs, 64 * (256 * 88 + 88 * 9 + 256 * 44));
  const CostReport report = simulate_cost(one_layer(WeightDelivery::factored, no_generator));
  ASSERT_EQ(report.layers.size(), 1U);
  EXPECT_EQ(report.layers[0].macs, macs);
  EXPECT_EQ(report.layers[0].generation_macs, 0);
  double bits = 0;
  const CostInput factored = one_layer(WeightDelivery::factored);
  for (const auto& stream : factored.layers[0].streams)
    bits += static_cast<double>(stream.count) * stream.bits;
  EXPECT_EQ(bits, 171336);
  EXPECT_LE(std::abs(report.traffic.weight_bytes - bits / 8),
            3 * 64);  // each factor rounded to bursts by itself
}

/// The linear map of a layer, from its factors in the order of the expansion: y = V (basis * (U x))
/// equals (V (U basis)) * x.
TEST(Ways, TheExpansionComputesTheSameLinearMap) {
  const int in = 3, out = 4, cross = 2, intra = 2, area = 9;
  std::vector<double> basis(cross * intra * area), u(cross * in * intra), v(out * cross),
      x(in * area);
  const auto fill = [](std::vector<double>& values, int step) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(static_cast<int>(i) * step % 11) - 5;
  };
  fill(basis, 3), fill(u, 5), fill(v, 7), fill(x, 2);
  for (int o = 0; o < out; ++o) {
    double direct = 0, factored = 0;
    for (int b = 0; b < cross; ++b) {
      for (int i = 0; i < in; ++i)
        for (int p = 0; p < area; ++p)
          for (int j = 0; j < intra; ++j)
            direct += v[as_index(o * cross + b)] * u[as_index((b * in + i) * intra + j)] *
                      basis[as_index((b * intra + j) * area + p)] * x[as_index(i * area + p)];
      double z = 0;
      for (int j = 0; j < intra; ++j)
        for (int p = 0; p < area; ++p) {
          double h = 0;
          for (int i = 0; i < in; ++i)
            h += u[as_index((b * in + i) * intra + j)] * x[as_index(i * area + p)];
          z += basis[as_index((b * intra + j) * area + p)] * h;
        }
      factored += v[as_index(o * cross + b)] * z;
    }
    EXPECT_EQ(direct, factored);
  }
}

TEST(Ways, AutomaticTakesTheCheapestForEveryObjective) {
  for (const Objective objective : {Objective::time, Objective::energy, Objective::energy_delay})
    for (const double settle_ns : {0.0, 10000.0}) {
      const auto measure = [&](const CostReport& r) {
        return objective == Objective::time
                   ? r.time_ns
                   : r.energy_J() * (objective == Objective::energy ? 1 : r.time_ns);
      };
      double best = INFINITY;
      for (const WeightDelivery way :
           {WeightDelivery::reload, WeightDelivery::regenerate, WeightDelivery::factored}) {
        CostInput input =
            one_layer(way, way == WeightDelivery::regenerate ? "electronic" : no_generator);
        input.core.cost.settle_ns = settle_ns;
        best = std::min(best, measure(simulate_cost(input)));
      }
      CostInput input = one_layer(WeightDelivery::automatic);
      input.core.cost.settle_ns = settle_ns;
      input.schedule.objective = objective;
      EXPECT_EQ(measure(simulate_cost(input)), best);
    }
}

/// A few layers of random sizes under random hardware.
CostInput random_network(std::uint64_t seed) {
  std::uint64_t state = seed;
  const auto pick = [&](std::initializer_list<double> values) {
    return values.begin()[memory::splitmix64(state++) % values.size()];
  };
  CostInput input{.core = round_core()};
  int channels = 64;
  for (int i = 0; i < 5; ++i) {
    const int out = static_cast<int>(pick({64, 128, 192})),
              map = static_cast<int>(pick({4, 8, 16}));
    input.layers.push_back(multilevel_layer(conv(channels, out, 3, map), 2, 24, 3, 6, 3));
    channels = out;
  }
  input.core.cost.settle_ns = pick({0, 100, 2000});
  input.generator.kind = pick({0, 1}) > 0 ? "electronic" : "photonic";
  input.generator.electronic.macs_per_ns = pick({64, 1024, 16384});
  input.schedule.bandwidth_scale = pick({0.05, 1, 20});
  input.schedule.objective = static_cast<Objective>(static_cast<int>(pick({0, 1, 2})));
  return input;
}

double measure(const CostReport& report, Objective objective) {
  if (objective == Objective::time) return report.time_ns;
  return report.energy_J() * (objective == Objective::energy ? 1 : report.time_ns);
}

TEST(Ways, AutomaticNetworksAreNeverDearerThanAnySingleWayNorThanAnyChangeOfOneLayer) {
  int mixed = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CostInput input = random_network(1000 * seed);
    const Objective objective = input.schedule.objective;
    const auto cost = [&](const std::vector<WeightDelivery>& ways) {
      CostInput fixed = input;
      for (std::size_t i = 0; i < ways.size(); ++i) fixed.layers[i].way = ways[i];
      drop_unused_generator(fixed);
      return measure(simulate_cost(fixed), objective);
    };
    for (CostLayer& layer : input.layers) layer.way = WeightDelivery::automatic;
    const double automatic = measure(simulate_cost(input), objective);
    std::vector<WeightDelivery> chosen;
    for (const CostLayer& layer : choose_ways(input).layers) chosen.push_back(layer.way);
    EXPECT_EQ(automatic, cost(chosen));
    for (const WeightDelivery way :
         {WeightDelivery::reload, WeightDelivery::regenerate, WeightDelivery::factored}) {
      EXPECT_LE(automatic, cost(std::vector<WeightDelivery>(chosen.size(), way))) << seed;
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        std::vector<WeightDelivery> changed = chosen;
        changed[i] = way;
        EXPECT_LE(automatic, cost(changed)) << seed << " layer " << i;
      }
    }
    mixed += chosen != std::vector<WeightDelivery>(chosen.size(), chosen.front()) ? 1 : 0;
  }
  EXPECT_GT(mixed, 5);  // the choice is no single way everywhere
}

TEST(Ways, AutomaticPaysForNoGeneratorThatNobodyUses) {
  CostInput input = one_layer(WeightDelivery::automatic);
  input.generator.electronic = {.macs_per_ns = 1e-3, .static_power_mW = 50};
  input.layers[0].factors.reset();  // leaves reloading
  const CostReport report = simulate_cost(input);
  EXPECT_EQ(report.layers[0].way, WeightDelivery::reload);
  EXPECT_EQ(report.energy_pJ[Component::generator_static], 0);
  EXPECT_EQ(choose_ways(input).generator.kind, no_generator);
}

TEST(Ways, AutomaticLeavesOutWhatTheHardwareCannotRun) {
  CostInput input = one_layer(WeightDelivery::automatic, no_generator);
  EXPECT_NE(choose_ways(input).layers[0].way, WeightDelivery::regenerate);
  input.layers[0].factors.reset();
  EXPECT_EQ(choose_ways(input).layers[0].way, WeightDelivery::reload);
  input.layers[0].way = WeightDelivery::factored;
  EXPECT_THROW(simulate_cost(input), Error);
}

TEST(Ways, AReloadedSourceStoresPlainWeights) {
  const CostReport reloaded = simulate_cost(one_layer(WeightDelivery::reload, no_generator));
  const CostReport plain =
      simulate_cost({.layers = {reload_layer(conv(256, 256, 3, 8), 8)}, .core = round_core()});
  EXPECT_EQ(reloaded.time_ns, plain.time_ns);
  EXPECT_EQ(reloaded.energy_J(), plain.energy_J());
}

TEST(Dataflow, OtherStationariesProgramMoreAndMovePartialSumsLess) {
  CostInput input{.layers = {reload_layer(conv(128, 128, 3, 32), 8)}, .core = round_core()};
  input.memory.activation_buffer = {.capacity_KB = 1024,
                                    .access_ns = 1e-3};  // else its bandwidth decides
  const auto sums = [](const CostReport& r) { return r.energy_pJ[Component::activation_buffer]; };
  const CostReport weight = simulate_cost(input);
  input.schedule.dataflow = Dataflow::output_stationary;
  const CostReport output = simulate_cost(input);
  input.schedule.dataflow = Dataflow::input_stationary;
  const CostReport inputs = simulate_cost(input);
  EXPECT_EQ(weight.layers[0].visits, weight.tiles);
  EXPECT_EQ(output.layers[0].visits, 4 * weight.tiles);  // 1024 vectors in blocks of 256
  EXPECT_EQ(inputs.layers[0].visits, 4 * weight.tiles);
  EXPECT_LT(sums(output), sums(weight));
  EXPECT_LT(sums(inputs), sums(weight));
  EXPECT_GT(output.time_ns, weight.time_ns);
  EXPECT_EQ(output.layers[0].macs, weight.layers[0].macs);
  const auto streaming = [](const CostReport& r) {
    return r.energy_pJ[Component::output_converters];
  };
  EXPECT_NEAR(streaming(output), streaming(weight), 1e-6 * streaming(weight));
}

TEST(Dataflow, WeightsThatFitTheirBufferAreFetchedOnceHoweverOftenTheyAreProgrammed) {
  CostInput input{.layers = {reload_layer(conv(128, 128, 3, 32), 8)}, .core = round_core()};
  input.schedule.dataflow = Dataflow::output_stationary;
  input.memory.weight_buffer.capacity_KB = 256;
  EXPECT_EQ(simulate_cost(input).traffic.weight_bytes, 128 * 128 * 9);
  input.memory.weight_buffer.capacity_KB = 64;
  EXPECT_EQ(simulate_cost(input).traffic.weight_bytes, 4 * 128 * 128 * 9);
}

// A single layer of a network may: its weights come while the layer before computes.
TEST(Roofline, NoNetworkRisesAboveItsRoof) {
  CostInput input{.core = round_core()};
  for (const auto& shape : resnet18()) input.layers.push_back(reload_layer(shape, 8));
  const CostReport report = simulate_cost(input);
  double macs = 0;
  for (const LayerCost& layer : report.layers) macs += static_cast<double>(layer.macs);
  const double stream_GBps = memory::estimate_runs(input.memory.dram, 1e9).bandwidth_GBps;
  EXPECT_LE(macs / report.time_ns,
            std::min(64.0 * 64.0, macs / report.traffic.sum() * stream_GBps));
  for (const auto& shape : resnet18()) {
    input.layers = {reload_layer(shape, 8)};
    const LayerCost alone = simulate_cost(input).layers[0];
    EXPECT_GT(alone.attained_macs_per_ns, 0);
    EXPECT_LE(alone.attained_macs_per_ns, alone.roof_macs_per_ns) << alone.name;
  }
}

TEST(Contention, ActivationsThatDoNotFitSlowTheWeightsDown) {
  CostInput input{
      .layers = {reload_layer(conv(256, 256, 3, 28), 8), reload_layer(conv(256, 256, 3, 28), 8)},
      .core = round_core()};
  input.core.cost.settle_ns = 0;
  input.memory.activation_buffer = {.capacity_KB = 2048, .access_ns = 1e-3};
  const CostReport fits = simulate_cost(input);
  input.memory.activation_buffer.capacity_KB = 64;
  const CostReport spills = simulate_cost(input);
  EXPECT_FALSE(fits.layers[0].spills_output);
  EXPECT_TRUE(spills.layers[0].spills_output);
  EXPECT_GT(spills.traffic.sum(), fits.traffic.sum() + 2 * 256 * 28 * 28);
  EXPECT_GT(spills.time_ns, fits.time_ns);
  EXPECT_GT(spills.stages[0].wait_shared_ns, fits.stages[0].wait_shared_ns);
}

TEST(EdramBuffers, AreRefreshedOnlyOnceDataOutliveTheirRetention) {
  CostInput input{
      .layers = {reload_layer(conv(64, 64, 1, 8), 8), reload_layer(conv(64, 64, 1, 8), 8)},
      .core = round_core()};
  input.memory.activation_buffer = {
      .kind = memory::BufferKind::edram, .capacity_KB = 256, .node_nm = 32};
  const auto leak = [](const CostReport& r) { return r.energy_pJ[Component::buffer_leakage]; };
  const auto leakage_mW = [&] {
    double sum = 0;
    for (const auto* card :
         {&input.memory.weight_buffer, &input.memory.tile_buffer, &input.memory.activation_buffer})
      sum += memory::buffer_figures(*card).leakage_mW;
    return sum;
  }();
  const CostReport fast = simulate_cost(input);  // a microsecond: far below 119 us
  EXPECT_NEAR(leak(fast), leakage_mW * fast.time_ns, 1e-9 * leak(fast));
  input.core.cost.settle_ns =
      100e3;  // the second layer's input lives for more than 200 us: one refresh of 4096 bytes
  const CostReport slow = simulate_cost(input);
  const double word_pJ = memory::buffer_figures(input.memory.activation_buffer).read_pJ * 2;
  EXPECT_NEAR(leak(slow) - leakage_mW * slow.time_ns, 4096 / 32.0 * word_pJ, 1e-6 * leak(slow));
  EXPECT_EQ(fast.layers[1].refreshes, 0);
  EXPECT_EQ(slow.layers[1].refreshes, 1);
  EXPECT_LT(fast.layers[1].failed_bits, 1e-6);
  // One cell in a million has leaked when the refresh comes; the rest of the life adds less.
  EXPECT_GT(slow.layers[1].failed_bits, 4096 * 8 * 1e-6);
  EXPECT_LT(slow.layers[1].failed_bits, 2 * 4096 * 8 * 1e-6);
}

// A 256-channel 3x3 layer regenerated from (2, 44; 3, 6, 3) costs 44.3 MACs a weight; it stops
// paying in energy where they cost what the saved DRAM bits do. Both sides of the crossing are full
// simulations, so the crossing is checked against the simulations, and its order of magnitude
// against the closed form of docs/models/cosim/schedule.md#break-even (2.61 pJ at 15 pJ/b).
TEST(BreakEven, EnergyPerMacAtWhichGenerationStopsPaying) {
  CostInput ours = one_layer(WeightDelivery::regenerate),
            baseline = one_layer(WeightDelivery::reload, no_generator);
  for (CostInput* input : {&ours, &baseline}) {
    input->memory.dram.currents.vdd_V = 0;
    input->memory.dram.access_pJ_per_bit = 15;
    input->core.cost = {.symbol_rate_GHz = 10, .devices = 4096};
  }
  const BreakEven found = find_break_even(ours, baseline,
                                          {Quantity::generator_energy, Metric::energy,
                                           default_range(ours, Quantity::generator_energy)});
  ASSERT_EQ(found.crossings.size(), 1U);
  EXPECT_GT(found.crossings[0], 1.3);
  EXPECT_LT(found.crossings[0], 2.7);
  ours.generator.electronic.mac_pJ = found.crossings[0];
  EXPECT_NEAR(simulate_cost(ours).energy_J() / simulate_cost(baseline).energy_J(), 1, 2e-4);
}

TEST(BreakEven, APhotonicGeneratorIsTurnedByFactorsOfItsRateAndEnergy) {
  const CostInput ours = one_layer(WeightDelivery::regenerate, "photonic");
  const CostInput baseline = one_layer(WeightDelivery::reload, no_generator);
  EXPECT_EQ(quantity_unit(ours, Quantity::generator_energy), "1");
  EXPECT_EQ(quantity_unit(one_layer(WeightDelivery::regenerate), Quantity::generator_energy),
            "pJ/MAC");
  const auto generator_pJ = [](const CostInput& input) {
    const CostReport report = simulate_cost(input);
    double sum = 0;
    for (const Component c :
         {Component::generator, Component::generator_converters, Component::generator_laser})
      sum += report.energy_pJ[c];
    return sum;
  };
  CostInput turned = ours;
  turned.generator.energy_scale = 10;
  EXPECT_NEAR(generator_pJ(turned), 10 * generator_pJ(ours), 1e-9 * generator_pJ(turned));
  for (const auto& [quantity, metric] : {std::pair{Quantity::generator_energy, Metric::energy},
                                         std::pair{Quantity::generator_rate, Metric::time}}) {
    const BreakEven found =
        find_break_even(ours, baseline, {quantity, metric, default_range(ours, quantity)});
    EXPECT_EQ(found.card_value, 1);
    EXPECT_NE(found.sweep.front().ours, found.sweep.back().ours);
    EXPECT_EQ(found.sweep.front().baseline, found.sweep.back().baseline);
  }
}

TEST(BreakEven, MoreBandwidthEndsTheGainInTime) {
  CostInput ours = one_layer(WeightDelivery::regenerate),
            baseline = one_layer(WeightDelivery::reload, no_generator);
  for (CostInput* input : {&ours, &baseline})
    input->core.cost = {.symbol_rate_GHz = 10, .devices = 4096};
  ours.generator.electronic.macs_per_ns = 4096;
  const BreakEven found = find_break_even(
      ours, baseline,
      {Quantity::bandwidth, Metric::time, default_range(ours, Quantity::bandwidth)});
  EXPECT_GT(found.sweep.front().gain(), 10);
  EXPECT_LT(found.sweep.back().gain(), 1);
  ASSERT_EQ(found.crossings.size(), 1U);
  ours.schedule.bandwidth_scale = baseline.schedule.bandwidth_scale = found.crossings[0];
  EXPECT_NEAR(simulate_cost(ours).time_ns / simulate_cost(baseline).time_ns, 1, 1e-3);
}

TEST(BreakEven, KnowsItsQuantitiesAndRefusesEmptyRanges) {
  EXPECT_EQ(quantity_named("settle"), Quantity::settle_time);
  EXPECT_THROW(quantity_named("phase"), Error);
  const CostInput input = one_layer(WeightDelivery::reload, no_generator);
  EXPECT_THROW(find_break_even(input, input, {Quantity::batch, Metric::time, {10, 10, 5}}), Error);
}

TEST(BreakEven, ALargerBatchAmortisesTheLoadAndEndsTheGain) {
  CostInput ours = one_layer(WeightDelivery::regenerate),
            baseline = one_layer(WeightDelivery::reload, no_generator);
  ours.generator.electronic.macs_per_ns = 1024;
  for (CostInput* input : {&ours, &baseline}) {
    input->core.cost = {.symbol_rate_GHz = 10, .devices = 4096};
    input->memory.activation_buffer = {.capacity_KB = 1e6, .access_ns = 1e-6};
  }
  const BreakEven found =
      find_break_even(ours, baseline, {Quantity::batch, Metric::time, {1, 4096, 13}});
  for (const BreakEvenPoint& point : found.sweep) EXPECT_EQ(point.value, std::round(point.value));
  EXPECT_NEAR(found.sweep.back().gain(), 1, 0.1);
}

}  // namespace
}  // namespace lightloom::cosim
