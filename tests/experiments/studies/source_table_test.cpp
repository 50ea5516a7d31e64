// The table of weight sources: bits, error, work and break-even by hand, accuracies as runs find
// them.
#include "experiments/studies/source_table/source_table.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "experiments/cards/derived_cards.hpp"
#include "nn/accounting/array_code.hpp"
#include "nn/accounting/ratio.hpp"

namespace lightloom::experiments {
namespace {

Experiment table_experiment(const std::vector<std::string>& settings = {}) {
  const std::string place = LIGHTLOOM_SOURCE_DIR "/table.yaml";
  const std::string text =
      "dataset: {name: glyphs, train_limit: 300, test_limit: 60}\nmodel: {name: cnn3}\n"
      "weights: {source: trellis, bits: 2}\nteacher: {epochs: 1}\ntrain: {epochs: 1}\n"
      "baselines:\n  - {source: integer, bits: 4}\n"
      "  - {source: multilevel, intra: 2, cross: 12, bits: {basis: 4, intra: 4, cross: 4}}\n"
      "  - {source: dense}\n"
      "core: {card: data/devices/mrr-bank.yaml, rows: 32, columns: 32}\n"
      "generator: data/generators/electronic.yaml\nmemory: data/memory/lpddr4-edge.yaml\n"
      "chips: 0\nseed: 5\n";
  Tree card = Tree::mapping();
  for (const auto& [key, value] : parse_yaml(text, place).pairs) set_at(card, key, value, place);
  for (const std::string& setting : settings) apply_setting(card, setting, place);
  return read_experiment(card);
}

TEST(SourceTable, CountsBitsErrorWorkAndBreakEvenByHand) {
  const Experiment card = table_experiment({"measure=[cost]"});
  Workbench workbench;
  const SourceTable table = compare_sources(card, workbench, no_progress());
  ASSERT_EQ(table.rows.size(), 4u);
  const nn::NetworkShape shape = nn::network_shape(*workbench.graph(card));
  const nn::Ratio ratio = nn::ratio_of(shape, card.network.weights);
  const auto weights = static_cast<double>(table.weights);
  EXPECT_DOUBLE_EQ(table.rows[0].bits, static_cast<double>(ratio.complete_bits) / weights);
  // The error of every layer's array, each coded by itself, added up.
  double signal = 0, error = 0;
  for (nn::WeightLayer& layer : workbench.teacher(card)->network->weight_layers()) {
    const std::vector<float> dense = nn::dense_weight(layer);
    const nn::ArrayCode code = nn::code_array(card.network.weights, layer.shape, dense);
    double power = 0;
    for (const float w : dense) power += double{w} * w;
    signal += power;
    error += power * std::pow(10, -code.sqnr_db / 10);
  }
  EXPECT_NEAR(table.rows[0].sqnr_db, 10 * std::log10(signal / error), 1e-6);
  EXPECT_FALSE(std::isfinite(table.rows[3].sqnr_db)) << "dense weights are exact";

  const SourceRow& trellis = table.rows[0];  // a multiply-add and three sums, an exact scale
  EXPECT_NEAR(trellis.multiplies, 1, 0.02);
  EXPECT_NEAR(trellis.adds, 4, 0.1);
  const auto& unit = card.hardware.generator.electronic;
  // Products modulo 2^32 are those of 32 bits: 16 times the energy of 8; sums by their width.
  const int sum_bits = workbench.layers(card)->front()[0].work.sum_bits;
  EXPECT_NEAR(trellis.generation_pJ,
              trellis.multiplies * 16 * unit.mac_pJ +
                  (trellis.adds - trellis.multiplies) * sum_bits / 8 * unit.add_pJ,
              0.01);
  EXPECT_NEAR(
      trellis.dram_uses,
      (trellis.generation_pJ + trellis.bits / 8 * table.dram_pJ_per_byte) / table.dram_pJ_per_byte,
      1e-9);
  EXPECT_GT(table.dram_pJ_per_byte, 10 * table.sram_pJ_per_byte);
  const SourceRow& integer = table.rows[1];
  EXPECT_EQ(integer.generation_pJ, 0);
  EXPECT_NEAR(integer.dram_uses, integer.bits / 8, 1e-9) << "stored bits alone";
  EXPECT_GT(table.rows[2].multiplies, 1);
  EXPECT_FALSE(table.accuracy_known);
}

TEST(SourceTable, TrainsEverySourceFromTheSameFloatNetwork) {
  const Experiment card = table_experiment({"measure=[accuracy]", "seeds=2"});
  Workbench workbench;
  const SourceTable table = compare_sources(card, workbench, no_progress());
  const nn::ImageSet& test = workbench.dataset(card)->test;
  ASSERT_TRUE(table.accuracy_known);
  for (const SourceRow& row : table.rows) ASSERT_EQ(row.accuracy.size(), 2u) << row.label;
  EXPECT_EQ(table.rows[0].accuracy[0], digital_accuracy(*workbench.student(card)->network, test));
  const Experiment other = retrained(with_baseline(card, 0), 1);
  EXPECT_EQ(table.rows[1].accuracy[1], digital_accuracy(*workbench.student(other)->network, test));
}

}  // namespace
}  // namespace lightloom::experiments
