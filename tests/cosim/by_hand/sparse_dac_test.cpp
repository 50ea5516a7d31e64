// Cores whose weights are set from a bank of levels a column, counted by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/cosim/by_hand/hand_generation.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"

namespace lightloom::cosim::sparse_dac_tests {
namespace {

/// Three values, of shares that are easily raised to powers.
const std::vector<double> quarters{0.25, 0.5, 0.25};

/// How many of them are to be expected among n: 3 - 2 (3/4)^n - (1/2)^n.
double values_among(double n) { return 3 - 2 * std::pow(0.75, n) - std::pow(0.5, n); }

/// A layer of which each input has a list of its values, to be looked up.
CostInput listed(const nn::LayerShape& shape) {
  CostInput input = hand_card();
  input.generator.kind = "electronic";
  CostLayer layer = reload_layer(shape, 4);
  layer.way = WeightDelivery::regenerate;
  layer.work.lookups = shape.weights();
  layer.value_shares = quarters;
  input.layers = {layer};
  input.core.cost.sparse_dac = {.levels = 3, .switch_energy_pJ = 0.3};
  return input;
}

/// Conversions of all visits. Groups of a tile have zeros between them.
double conversions(const HandLayer& layer) {
  double sum = 0;
  for (const HandTile& tile : layer.tiles) {
    const double values = values_among(tile.block_rows) + (tile.groups > 1 ? 1 : 0);
    sum += layer.blocks * tile.columns * std::min(3.0, values);
  }
  return sum;
}

TEST(SparseDacByHand, EachColumnConvertsItsDifferentValuesAndEveryCellTurns) {
  for (const nn::LayerShape& shape : hand_shapes()) {
    const CostInput input = listed(shape);
    const HandLayer layer = hand_layer(input);
    const CostReport report = simulate_cost(input);
    const double expected = conversions(layer), turns = layer.visits() * 500;
    EXPECT_NEAR(report.layers[0].weight_conversions, expected, 1e-9 * expected);
    EXPECT_NEAR(report.layers[0].weight_switchings, turns, 1e-9 * turns);
    EXPECT_NEAR(report.energy_pJ[Component::programming], expected * 3, 1e-9 * expected * 3);
    EXPECT_NEAR(report.energy_pJ[Component::weight_switching], turns * 0.3, 1e-9 * turns * 0.3);
  }
}

TEST(SparseDacByHand, WithoutItEveryDeviceIsAConversionAndNothingTurns) {
  for (const nn::LayerShape& shape : hand_shapes()) {
    CostInput input = listed(shape);
    input.core.cost.sparse_dac = {};
    const CostReport report = simulate_cost(input);
    EXPECT_EQ(report.layers[0].weight_conversions, hand_layer(input).visits() * 500);
    EXPECT_EQ(report.layers[0].weight_switchings, 0);
    EXPECT_EQ(report.energy_pJ[Component::weight_switching], 0);
  }
}

// 33 lanes at 1.25 GHz bring levels, rows of cells take their selections beside them at the same
// rate; 70 ns to settle. Without a bank 500 devices take 16 rounds.
TEST(SparseDacByHand, LevelsAndSelectionsComeBesideEachOther) {
  for (const int select_rows : {1, 4, 24}) {
    for (const nn::LayerShape& shape : hand_shapes()) {
      CostInput input = listed(shape);
      input.core.cost.sparse_dac.select_rows = select_rows;
      const HandLayer layer = hand_layer(input);
      double expected = 0;
      for (const HandTile& tile : layer.tiles) {
        const double values =
            std::min(3.0, values_among(tile.block_rows) + (tile.groups > 1 ? 1 : 0));
        const double rounds =
            std::max(std::ceil(values * tile.columns / 33), std::ceil(tile.rows / select_rows));
        expected += layer.blocks * (rounds / 1.25 + 70);
      }
      const StageCost stage = hand_stage(simulate_cost(input), Stage::program);
      EXPECT_NEAR(stage.busy_ns * input.schedule.cores, expected, 1e-6) << select_rows;
    }
  }
}

// 30 rows of one column tile: 24 in the first tile, 6 in the second, each with its own values.
TEST(SparseDacByHand, TilesOfOneInputConvertTheirOwnValues) {
  nn::LayerShape vector{.name = "vector",
                        .kind = nn::LayerShape::Kind::linear,
                        .in_channels = 20,
                        .out_channels = 30};
  const CostReport report = simulate_cost(listed(vector));
  EXPECT_NEAR(report.layers[0].weight_conversions, 20 * (values_among(24) + values_among(6)), 1e-9);
}

TEST(SparseDacByHand, ALayerWithoutListsAndABankTooSmallAreRefused) {
  const auto refusal = [](const CostInput& input) {
    try {
      simulate_cost(input);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CostInput input = listed(conv(10, 30, 3, 6));
  EXPECT_EQ(refusal(input), "");
  input.layers[0].value_shares.clear();
  EXPECT_NE(refusal(input).find("comes without one"), std::string::npos);
  input = listed(conv(10, 30, 3, 6));
  input.layers[0].way = WeightDelivery::reload;
  EXPECT_NE(refusal(input).find("way: source"), std::string::npos);
  input = listed(conv(10, 30, 3, 6));
  input.core.cost.sparse_dac.levels = 2;
  EXPECT_NE(refusal(input).find("can have 3 different weights"), std::string::npos);
  input = listed(conv(10, 2, 3, 6));  // no more outputs than levels
  input.core.cost.sparse_dac.levels = 2;
  EXPECT_EQ(refusal(input), "");
}

// 64 outputs of 64 inputs at 4 bits: conversions fall by 64 over the values that normal weights
// have in a column, at most 15 and at least half of them.
TEST(SparseDacByHand, CrewListsItsLevelsAndOthersDoNot) {
  nn::LayerShape square{.name = "square",
                        .kind = nn::LayerShape::Kind::linear,
                        .in_channels = 64,
                        .out_channels = 64};
  const auto shares = [&](const char* card) {
    return nn::make_source(read_card<nn::SourceCard>(parse_yaml(card, "t")), square)
        ->value_shares();
  };
  const std::vector<double> levels = shares("{source: crew, bits: 4}");
  ASSERT_EQ(levels.size(), 15u);
  double sum = 0;
  for (const double share : levels) sum += share;
  EXPECT_NEAR(sum, 1, 1e-9);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(levels[i], levels[14 - i], 1e-12);
  EXPECT_TRUE(shares("{source: crew, bits: 4, scales: filter}").empty());
  for (const char* other : {"{source: integer, bits: 4}", "{source: huffman}",
                            "{source: multilevel}", "{source: trellis, bits: 2}"})
    EXPECT_TRUE(shares(other).empty()) << other;
}

}  // namespace
}  // namespace lightloom::cosim::sparse_dac_tests
