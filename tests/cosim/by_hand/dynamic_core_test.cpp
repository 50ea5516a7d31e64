// One attention block on cores that modulate both operands, by hand.
#include <gtest/gtest.h>

#include "tests/cosim/by_hand/hand_card.hpp"

namespace lightloom::cosim {
namespace {

/// 24 weights and 4 vectors of 10 inputs a symbol, two symbols a conversion.
CostInput dynamic_card() {
  CostInput input = hand_card();
  input.core.operands = {.vectors = 4,
                         .symbol_columns = 10,
                         .weight_dac = {.bits = 5},
                         .weight_energy_pJ = 0.7,
                         .receiver_energy_pJ = 0.23};
  input.core.cost.devices = 0;
  input.core.cost.settle_ns = 0;
  return input;
}

nn::LayerShape rows_of(int groups, int positions, int inner, int outer) {
  nn::LayerShape shape{.name = "rows",
                       .in_channels = groups * inner,
                       .out_channels = groups * outer,
                       .groups = groups,
                       .in_height = positions};
  shape.out_height = positions;
  return shape;
}

// Two images, values of 12 channels at 7 keys; two heads of 10 queries and 7 keys of width 6.
CostInput attention_card() {
  CostInput input = dynamic_card();
  input.batch = 2;
  CostLayer values = reload_layer(rows_of(1, 7, 12, 12), 4);
  values.digital = {.adds = 9999, .multiplies = 9999, .activation_macs = 1680, .reads = 9999};
  values.before_products = {.adds = 84};
  values.products = {{.shape = rows_of(2, 10, 6, 7),
                      .signed_inputs = true,
                      .digital = {.lookups = 140, .reads = 140, .writes = 140}},
                     {.shape = rows_of(2, 10, 7, 6), .digital = {.multiplies = 5}}};
  input.layers = {values};
  return input;
}

// Values: 14 vectors in 4 groups, 12 columns in 2 symbols.
// Scores: 4 heads of both images, 3 of 7 x 6 in one tile (18 columns, 2 symbols), 1 in another (1
// symbol); 10 vectors in 3 groups, of both signs: 2 passes.
// Sums: 4 heads, 2 of 6 x 7 a tile (14 columns, 2 symbols); 3 groups, one pass.
constexpr double value_symbols = 4 * 2, score_symbols = 3 * 2 * (2 + 1), sum_symbols = 2 * 3 * 2,
                 all_symbols = value_symbols + score_symbols + sum_symbols;
constexpr double conversions = 4 + 2 * 3 * 2 + 2 * 3;  // of all outputs at once

TEST(DynamicCoreByHand, EverySymbolModulatesBothOperandsAndEveryTileIsConvertedOnce) {
  const Energies energy = simulate_cost(attention_card()).energy_pJ;
  EXPECT_NEAR(energy[Component::input_converters], all_symbols * 4 * 10 * 0.3, 1e-9);
  EXPECT_NEAR(energy[Component::weight_converters], all_symbols * 24 * 10 * (0.7 + 5 * 0.013),
              1e-9);
  EXPECT_NEAR(energy[Component::output_converters],
              24 * 4 * (all_symbols * 0.23 + conversions * 1.1), 1e-9);
  EXPECT_NEAR(energy[Component::laser], all_symbols / 2 * 90, 1e-9);  // at 2 GHz
  EXPECT_EQ(energy[Component::programming], 0);
  EXPECT_EQ(energy[Component::hold], 0);
  EXPECT_EQ(energy[Component::decomposition], 0);
}

TEST(DynamicCoreByHand, ExactWeightsWaitInRegistersOfTheBitsOfASetting) {
  CostInput input = attention_card();
  input.core.operands.weight_dac.bits = 0;
  input.programming.setting_bits = 11;
  EXPECT_NEAR(simulate_cost(input).energy_pJ[Component::weight_converters],
              all_symbols * 24 * 10 * (0.7 + 11 * 0.013), 1e-9);
}

TEST(DynamicCoreByHand, BothOperandsOfAProductPassTheActivationBuffer) {
  CostInput input = attention_card();
  const double pJ = simulate_cost(input).energy_pJ[Component::activation_buffer];
  // Words of 2 bytes are elements. Scores and sums: vectors times columns, and the tiles; softmax.
  const double values = 14 * 12, scores = 10 * 24 + 4 * 7 * 6, sums = 10 * 28 + 4 * 6 * 7,
               softmax = 2 * 140;
  const double read = values + scores + sums + softmax,
               written = 14 * 12 + 10 * 28 + 10 * 24 + softmax;
  const double registers = (14 * 12 + 10 * 24 + 10 * 28) * 16 * 0.013;
  EXPECT_NEAR(pJ, read * 0.8 + written * 0.9 + registers, 1e-9);
}

TEST(DynamicCoreByHand, TheDigitalUnitKeepsWhatIsNoProduct) {
  const CostReport report = simulate_cost(attention_card());
  EXPECT_NEAR(report.energy_pJ[Component::post_processing], 2 * (84 * 0.1 + 140 * 1.7 + 5 * 3.0),
              1e-9);
  EXPECT_EQ(report.layers[0].activation_macs, 0);
  EXPECT_EQ(report.layers[0].product_macs, 2 * 2 * 2 * (10 * 7 * 6));
  EXPECT_EQ(report.layers[0].macs, 2 * (7 * 144) + 2 * 2 * 2 * (10 * 7 * 6));
  EXPECT_EQ(report.layers.size(), 1U);
}

TEST(DynamicCoreByHand, SymbolsAreTheCoresTimeAndPartsAddUp) {
  const CostReport report = simulate_cost(attention_card());
  EXPECT_NEAR(report.layers[0].least_ns[TimePart::core], all_symbols / 2, 1e-9);
  EXPECT_NEAR(total(report.critical_parts_ns), report.time_ns, 1e-9 * report.time_ns);
  EXPECT_EQ(report.layers[0].critical_parts_ns[TimePart::programming], 0);
  double sum = 0;
  for (const LayerCost& layer : report.layers) sum += total(layer.energy_pJ);
  EXPECT_NEAR(sum, total(report.energy_pJ), 1e-9 * sum);
  EXPECT_EQ(report.traffic.weight_bytes, 128);  // 144 words of 4 bits, in bursts of 64 bytes
}

TEST(DynamicCoreByHand, StoredWeightsLeaveProductsToTheDigitalUnit) {
  CostInput input = attention_card();
  input.core = hand_core();
  CostInput without = input;
  without.layers[0].products.clear();
  const CostReport report = simulate_cost(input), same = simulate_cost(without);
  EXPECT_EQ(report.time_ns, same.time_ns);
  EXPECT_EQ(total(report.energy_pJ), total(same.energy_pJ));
  EXPECT_EQ(report.layers[0].activation_macs, 2 * 1680);
  EXPECT_EQ(report.layers[0].product_macs, 0);
  EXPECT_EQ(report.energy_pJ[Component::weight_converters], 0);
}

TEST(DynamicCoreByHand, RegeneratedWeightsFeedTheModulatorsWithoutProgramming) {
  CostInput input = dynamic_card();
  input.generator.kind = "electronic";
  input.layers = {multilevel_layer(conv(10, 30, 3, 3, 2), 2, 5, 3, 6, 4)};
  const Energies energy = simulate_cost(input).energy_pJ;
  // 90 columns in 4 tiles of 2 symbols and one of 1; 30 rows in 2; 9 vectors in 3 groups.
  const double symbols = 2 * (4 * 2 + 1) * 3;
  EXPECT_NEAR(energy[Component::weight_converters], symbols * 240 * (0.7 + 5 * 0.013), 1e-9);
  EXPECT_GT(energy[Component::generator], 0);
  EXPECT_GT(energy[Component::tile_buffer], 0);
  EXPECT_EQ(energy[Component::programming], 0);
}

}  // namespace
}  // namespace lightloom::cosim
