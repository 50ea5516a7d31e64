// Energy of the core and of the digital unit, component by component, by hand.
#include <gtest/gtest.h>

#include "tests/cosim/by_hand/hand_card.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"

namespace lightloom::cosim {
namespace {

/// Calls `expected(card, layer, report)` for all cases and compares it with that component.
template <class Expected>
void expect_energy(Component component, Expected expected) {
  for (const auto& [name, input] : hand_cases()) {
    const CostReport report = simulate_cost(input);
    const double by_hand = expected(input, hand_layer(input), report);
    EXPECT_NEAR(report.energy_pJ[component], by_hand, 1e-9 * by_hand) << name;
    EXPECT_GT(by_hand, 0) << name;
  }
}

TEST(CoreByHand, ProgrammingWritesEveryDeviceOfEveryVisitedTile) {
  expect_energy(Component::programming, [](const CostInput&, const HandLayer& layer,
                                           const CostReport&) { return layer.visits() * 500 * 3; });
}

TEST(CoreByHand, EveryColumnIsDrivenAndEveryRowConvertedInEveryPassPaddingIncluded) {
  const auto symbols = [](const HandLayer& layer) {
    return static_cast<double>(layer.tiles.size()) * layer.vectors * layer.passes;
  };
  expect_energy(Component::input_converters,
                [&](const CostInput&, const HandLayer& layer, const CostReport&) {
                  return symbols(layer) * 20 * 0.3;
                });
  expect_energy(Component::output_converters,
                [&](const CostInput&, const HandLayer& layer, const CostReport&) {
                  return symbols(layer) * 24 * 1.1;
                });
  expect_energy(Component::laser, [&](const CostInput&, const HandLayer& layer, const CostReport&) {
    return symbols(layer) / 2.0 * 90;  // at 2 GHz
  });
}

// An output is the sum of a reading a column tile and pass.
TEST(CoreByHand, ReadingsOfColumnsAndPassesAreAddedUp) {
  for (const auto& [name, input] : hand_cases()) {
    const HandLayer layer = hand_layer(input);
    const double readings = layer.column_tiles * layer.passes;
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::accumulation],
                layer.outputs * (readings - 1) * 0.1, 1e-9 * layer.outputs)
        << name;
  }
}

// One pass whatever the signs, and an addition more a column tile: the halves taken off.
TEST(CoreByHand, HalvesOfOffsetInputsAreTakenOffEveryReading) {
  for (auto& [name, input] : hand_cases()) {
    input.core.coding = photonic::InputCoding::offset;
    const HandLayer layer = hand_layer(input);
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::accumulation],
                layer.outputs * (2 * layer.column_tiles - 1) * 0.1, 1e-9 * layer.outputs)
        << name;
  }
}

TEST(CoreByHand, HoldAndStaticPowerOfEveryCoreFlowAllTheTime) {
  const auto core_ns = [](const CostInput& input, const CostReport& report) {
    return input.schedule.cores * report.time_ns;
  };
  expect_energy(Component::hold,
                [&](const CostInput& input, const HandLayer&, const CostReport& report) {
                  return core_ns(input, report) * 500 * 0.02;
                });
  expect_energy(Component::core_static,
                [&](const CostInput& input, const HandLayer&, const CostReport& report) {
                  return core_ns(input, report) * 11;
                });
}

// 250 operations a tile take less than its words: weights are stored, not settings.
TEST(CoreByHand, StoredWeightsAreTurnedIntoSettingsAtEveryVisit) {
  for (auto [name, input] : hand_cases()) {
    input.core.cost.decompose_operations = 250;
    const double by_hand = hand_layer(input).visits() * 250 * 2;
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::decomposition], by_hand, 1e-9 * by_hand)
        << name;
  }
}

TEST(CoreByHand, WorkBetweenTheLayersIsDoneOncePerImage) {
  for (auto [name, input] : hand_cases()) {
    input.layers[0].digital = {.adds = 4200, .multiplies = 840, .lookups = 420};
    const double by_hand = input.batch * (4200 * 0.1 + 840 * 3 + 420 * 1.7);
    EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::post_processing], by_hand, 1e-9 * by_hand)
        << name;
  }
}

// One tile, and three cores that share its 3600 vectors: each is programmed and converts its part;
// only the first reads the weights and turns them into settings.
TEST(CoreByHand, CopiesAreProgrammedButNotReadOrDecomposedAgain) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(20, 24, 1, 60), 4)};
  input.core.cost.decompose_operations = 250;
  input.schedule.cores = 3;
  input.schedule.replicate = true;
  const CostReport report = simulate_cost(input);
  ASSERT_EQ(report.layers[0].replicas, 3);
  EXPECT_NEAR(report.energy_pJ[Component::programming], 3 * 500 * 3, 1e-9);
  EXPECT_NEAR(report.energy_pJ[Component::decomposition], 250 * 2, 1e-9);
  EXPECT_NEAR(report.energy_pJ[Component::input_converters], 3600 * 20 * 0.3, 1e-6);
  EXPECT_NEAR(report.energy_pJ[Component::output_converters], 3600 * 24 * 1.1, 1e-6);
  const double words = 20 * 24 / 2.0 / 4;  // of 4 bytes
  EXPECT_NEAR(report.energy_pJ[Component::weight_buffer], words * (2 + 3), 1e-9);
}

// y = V (basis * (U x)) with 5 kernels of 2: U is 10 -> 10 at the input, the basis 5 groups 2 -> 1
// on 9 positions, V 5 -> 30. What comes from U and from the basis has both signs.
TEST(CoreByHand, FactorsInTheMiddleTakeTwoPasses) {
  for (const bool signed_inputs : {false, true}) {
    CostInput input = hand_card();
    input.layers = {multilevel_layer(conv(10, 30, 3, 3, 2), 2, 5, 3, 6, 4)};
    input.layers[0].way = WeightDelivery::factored;
    input.layers[0].signed_inputs = signed_inputs;
    const CostReport report = simulate_cost(input);
    const double u = 1 * 36 * (signed_inputs ? 2 : 1);  // tiles, 6 x 6 vectors, passes
    const double basis = 5 * 9 * 2;  // 2 x 9 inputs of one kernel fill 18 of 20 columns
    const double v = 2 * 9 * 2;      // 30 outputs on 24 rows
    EXPECT_NEAR(report.energy_pJ[Component::input_converters], (u + basis + v) * 20 * 0.3, 1e-9);
    EXPECT_NEAR(report.energy_pJ[Component::output_converters], (u + basis + v) * 24 * 1.1, 1e-9);
    EXPECT_NEAR(report.energy_pJ[Component::laser], (u + basis + v) / 2 * 90, 1e-9);
  }
}

TEST(CoreByHand, WorkIsCountedForTheWholeBatch) {
  CostInput input = hand_card();
  input.layers = {reload_layer(conv(10, 30, 3, 6), 4)};
  input.layers[0].digital = {.adds = 7};
  input.batch = 3;
  const LayerCost layer = simulate_cost(input).layers[0];
  EXPECT_EQ(layer.macs, 3 * 36 * 30 * 90);
  EXPECT_EQ(layer.digital_operations, 3 * 7);
  EXPECT_EQ(layer.input_bytes, 3 * 36 * 10 * 2);
}

}  // namespace
}  // namespace lightloom::cosim
