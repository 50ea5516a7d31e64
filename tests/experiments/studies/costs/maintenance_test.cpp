#include "experiments/studies/costs/maintenance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

Experiment kept_up(const std::vector<std::string>& settings) {
  Tree card = parse_yaml(
      "{dataset: {name: glyphs}, model: cnn3, weights: {source: integer, bits: 8}, core: {kind: "
      "cell-crossbar, rows: 64, columns: 64, symbol_rate_GHz: 0.01, cells: {write_energy_pJ: 10, "
      "write_iterations: 5, write_time_us: 1, write_parallel: 64}, input_dac: {bits: 8, rate_GHz: "
      "0.01, power_mW: 0.02}, output_adc: {bits: 8, rate_GHz: 0.01, power_mW: 0.3}}, schedule: "
      "{cores: 3}, batch: 4, calibration_images: 32, measure: [cost], chips: 0, baselines: [], "
      "maintenance: {every: 1h, reprogram: true, reference_vectors: 7, load: 0.25}}",
      "maintenance_test");
  for (const std::string& setting : settings) apply_setting(card, setting, "maintenance_test");
  return read_experiment(card);
}

MaintenanceCost cost_of(const Experiment& card, CostStudy& study) {
  study = study_cost(
      card.network, card.hardware,
      source_layers(nn::build_graph(card.network.model, nn::shape_of(card.network.dataset)),
                    card.network));
  return study_maintenance(card, study);
}

TEST(Maintenance, CostsWhatItsPartsTake) {
  const Experiment card = kept_up({});
  CostStudy study;
  const MaintenanceCost cost = cost_of(card, study);
  const cosim::CostReport& steady = study.steady[0];
  const auto tiles = static_cast<double>(steady.tiles);
  const double rounds = std::ceil(tiles / 3);
  // 8192 cells: 128 rounds of 64 lanes at 1.25 GHz, then 128 rounds of 64 cells x 5 pulses of 1 us.
  EXPECT_NEAR(cost.programming.time_s, rounds * (128 / 1.25 + 128 * 5 * 1000) * 1e-9, 1e-15);
  EXPECT_NEAR(cost.programming.energy_J, tiles * 8192 * 5 * 10 * 1e-12, 1e-18);
  // A vector: 100 ns, 64 inputs of 2 pJ and 64 outputs of 30 pJ.
  EXPECT_NEAR(cost.references.time_s, rounds * 7 * 100e-9, 1e-18);
  EXPECT_NEAR(cost.references.energy_J, tiles * 7 * 64 * 32 * 1e-12, 1e-18);
  const double image_s = steady.time_s() / 4, image_J = steady.energy_J() / 4;
  EXPECT_DOUBLE_EQ(cost.ranges.time_s, 32 * image_s);
  EXPECT_DOUBLE_EQ(cost.ranges.energy_J, 32 * image_J);
  const double all_s = cost.programming.time_s + cost.references.time_s + 32 * image_s;
  EXPECT_DOUBLE_EQ(cost.time_share(), all_s / (3600 + all_s));
  const double images = 0.25 * 3600 / image_s;
  const double each =
      (cost.programming.energy_J + cost.references.energy_J + 32 * image_J) / images;
  EXPECT_NEAR(cost.energy_per_image_J() / each, 1, 1e-12);
  EXPECT_NEAR(cost.energy_share(), each / (image_J + each), 1e-12);
  EXPECT_FALSE(cost.weights_stay);
  EXPECT_NE(maintenance_text(cost).find("writes tiles again with every batch"), std::string::npos);
}

TEST(Maintenance, AReferenceLightsAllInputsAndIsReadAtAllOutputs) {
  CostStudy study;
  const MaintenanceCost cost = cost_of(
      kept_up({"core={kind: pcm-crossbar, rows: 48, columns: 80, symbol_rate_GHz: 0.5, laser: "
               "{power_per_input_mW: 2, wall_plug: 0.2}, modulator: {energy_fJ: 100}, detector: "
               "{tia_power_mW: 1}, input_dac: {bits: 8, rate_GHz: 0.5, power_mW: 1}, output_adc: "
               "{bits: 8, rate_GHz: 0.5, power_mW: 1.5}}"}),
      study);
  const auto tiles = static_cast<double>(study.steady[0].tiles);
  EXPECT_NEAR(cost.references.time_s, std::ceil(tiles / 3) * 7 * 2e-9, 1e-18);
  // An input of 2 + 0.1 pJ, an output of 3 + 2 pJ, light of 80 inputs for 2 ns from 10 mW each.
  EXPECT_NEAR(cost.references.energy_J / (tiles * 7 * (80 * 2.1 + 48 * 5 + 80 * 10 * 2) * 1e-12), 1,
              1e-9);
}

// Transfers at 2 MHz, one for each used row of a tile, on three cores in turn; two symbols a
// vector.
TEST(Maintenance, WeightsComeByTheirPathRowByRow) {
  CostStudy study;
  const Experiment card = kept_up({"core.weight_path={rate_MHz: 2, unit: row}"});
  const MaintenanceCost cost = cost_of(card, study);
  const double settle_ns = photonic::make_core(card.hardware.core)->description().cost.settle_ns;
  std::vector<double> core_ns(3);
  std::size_t next = 0;
  for (const cosim::LayerCost& layer : study.steady[0].layers)
    for (int row = 0; row < layer.mapping.row_tiles; ++row)
      for (int column = 0; column < layer.mapping.column_tiles; ++column, next = (next + 1) % 3)
        core_ns[next] += std::min(64, layer.mapping.group_rows - 64 * row) * 500 + settle_ns;
  EXPECT_NEAR(cost.programming.time_s, *std::max_element(core_ns.begin(), core_ns.end()) * 1e-9,
              1e-15);
}

// Seven symbols of 100 ns, the eighth bit is the sign, each converted; an input is driven, an
// output read in every one of them.
TEST(Maintenance, AReferenceTakesTheSymbolsOfItsBits) {
  CostStudy study, levels;
  const MaintenanceCost serial = cost_of(kept_up({"core.input_coding=bit_serial"}), study),
                        whole = cost_of(kept_up({}), levels);
  EXPECT_NEAR(serial.references.time_s / whole.references.time_s, 7, 1e-9);
  const photonic::CoreCost core =
      photonic::make_core(kept_up({"core.input_coding=bit_serial"}).hardware.core)
          ->description()
          .cost;
  const double vector_pJ = 7 * 64 * (core.input_energy_pJ + core.output_energy_pJ);
  EXPECT_NEAR(serial.references.energy_J,
              static_cast<double>(study.steady[0].tiles) * 7 * vector_pJ * 1e-12, 1e-18);
}

TEST(Maintenance, RecalibrationWritesNothing) {
  CostStudy study;
  const MaintenanceCost cost =
      cost_of(kept_up({"maintenance.reprogram=false", "schedule.cores=64"}), study);
  EXPECT_EQ(cost.programming.energy_J, 0);
  EXPECT_EQ(cost.programming.time_s, 0);
  EXPECT_GT(cost.energy_J(), 0);
  EXPECT_TRUE(cost.weights_stay);
  EXPECT_EQ(maintenance_text(cost).find("every batch"), std::string::npos);
  EXPECT_EQ(maintenance_text(cost).find("writing"), std::string::npos);
  const Json json = maintenance_json(cost);
  EXPECT_EQ(json["every_s"], 3600.0);
  EXPECT_EQ(json["time_share"], cost.time_share());
  EXPECT_EQ(json["references"]["energy_J"], cost.references.energy_J);
}

TEST(Maintenance, RarerIsCheaper) {
  CostStudy study;
  const MaintenanceCost often = cost_of(kept_up({}), study),
                        rarely = cost_of(kept_up({"maintenance.every=10h"}), study);
  EXPECT_NEAR(often.energy_per_image_J() / rarely.energy_per_image_J(), 10, 1e-9);
  EXPECT_GT(often.time_share(), rarely.time_share());
}

}  // namespace
}  // namespace lightloom::experiments
