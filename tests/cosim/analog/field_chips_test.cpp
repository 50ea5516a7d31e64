#include "tests/oracles/field_chips.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/core_card.hpp"

// Whole cores against Monte-Carlos that share nothing with them but the numbers of a card.

namespace lightloom::cosim {
namespace {

constexpr int size_of_tile = 7, readings = 12;

Eigen::MatrixXd random_matrix() {
  std::vector<float> normals(size_of_tile * size_of_tile);
  fill_normal(Stream({.seed = 11, .purpose = Purpose::test}), 0, normals);
  return Eigen::Map<Eigen::MatrixXf>(normals.data(), size_of_tile, size_of_tile).cast<double>();
}

/// The same error of the outputs of chips of a card.
oracle::OutputError engine_error(const photonic::CoreCard& card, const Eigen::MatrixXd& weights,
                                 const Eigen::VectorXd& inputs, int chips) {
  const auto core = photonic::make_core(card);
  const nn::LayerShape shape{
      .name = "line", .in_channels = size_of_tile, .out_channels = size_of_tile};
  std::vector<float> rows, light, outputs(size_of_tile);
  for (int r = 0; r < size_of_tile; ++r)
    for (int c = 0; c < size_of_tile; ++c) rows.push_back(static_cast<float>(weights(r, c)));
  for (const double x : inputs) light.push_back(static_cast<float>(x));
  const Eigen::VectorXd exact = weights * inputs;
  double sum = 0, squares = 0;
  for (int chip = 0; chip < chips; ++chip) {
    AnalogEngine engine(*core, 21, static_cast<std::uint32_t>(chip));
    engine.load(0, shape, rows, 0);
    engine.begin_calibration();
    engine.multiply(0, {light, 1, 0}, outputs);
    engine.end_calibration();
    double error = 0;
    for (int shot = 0; shot < readings; ++shot) {
      engine.multiply(0, {light, 1, static_cast<std::uint64_t>(shot)}, outputs);
      for (int r = 0; r < size_of_tile; ++r)
        error += std::pow(outputs[static_cast<std::size_t>(r)] - exact(r), 2);
    }
    error /= readings * size_of_tile;
    sum += error;
    squares += error * error;
  }
  const double mean = sum / chips;
  return {mean, std::sqrt((squares / chips - mean * mean) / chips)};
}

photonic::CoreCard card_of(const std::string& name, std::vector<std::string> settings) {
  settings.insert(settings.end(), {"rows=7", "columns=7", "input_dac.bits=0", "output_adc.bits=0"});
  return read_card<photonic::CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings));
}

void expect_alike(const oracle::OutputError& a, const oracle::OutputError& b) {
  const double error = std::hypot(a.standard_error, b.standard_error);
  EXPECT_NEAR(a.mean, b.mean, 4 * error);
  EXPECT_LT(error, 0.05 * a.mean);  // so that a factor would show
}

// The largest input is 1, full scale. Light as dim and a laser as noisy as to weigh about as much
// as the errors of the chip.
TEST(FieldChips, AMeshCoresOutputErrorIsThatOfFieldsThroughEveryMzi) {
  Eigen::VectorXd inputs(size_of_tile);
  inputs << 1, -0.4, 0.7, 0, -0.9, 0.2, 0.5;
  const double loss_db = 0.7 + 1.2 + (2 * 7 + 1) * 0.1;
  const oracle::MeshBench bench{.light = {.power_mW = 0.1 * std::pow(10.0, -loss_db / 10),
                                          .oscillator_mW = 0.005,
                                          .rin_per_Hz = 1e-13,
                                          .dark_A = 25e-9,
                                          .amplifier_A_per_rtHz = 4e-12,
                                          .bandwidth_Hz = 2.5e9},
                                .splitter_sigma_rad = 0.01,
                                .phase_sigma_rad = 0.01};
  const photonic::CoreCard card = card_of(
      "mzi-mesh", {"correction=none", "fabrication.splitter_sigma_rad=0.01", "phase_sigma_rad=0.01",
                   "laser.power_per_input_mW=0.1", "laser.local_oscillator_mW=0.005",
                   "laser.rin_dBc_per_Hz=-130", "detector.tia_noise_pA_per_rtHz=4"});
  expect_alike(engine_error(card, random_matrix(), inputs, 600),
               oracle::field_mesh_error(random_matrix(), inputs, bench, 600, readings));
}

TEST(FieldChips, ACrossbarsOutputErrorIsThatOfEveryCellWrittenAndRead) {
  Eigen::VectorXd inputs(size_of_tile);
  inputs << 1, 0.4, 0.7, 0, 0.9, 0.2, 0.5;
  const double loss_db = 0.7 + 1.2 + 1 + 10 * std::log10(2 * 7);
  const oracle::CellBench bench{.light = {.power_mW = 0.8 * std::pow(10.0, -loss_db / 10),
                                          .rin_per_Hz = 1e-13,
                                          .dark_A = 25e-9,
                                          .amplifier_A_per_rtHz = 10e-12,
                                          .bandwidth_Hz = 2.5e9},
                                .programming_scale = 0.5,
                                .drift_scale = 0.3,
                                .read_scale = 1,
                                .elapsed_s = 3600};
  const photonic::CoreCard card = card_of(
      "pcm-crossbar", {"pcm.programming_scale=0.5", "pcm.drift_scale=0.3", "pcm.read_scale=1",
                       "laser.power_per_input_mW=0.8", "laser.rin_dBc_per_Hz=-130"});
  expect_alike(engine_error(card, random_matrix(), inputs, 600),
               oracle::cell_crossbar_error(random_matrix(), inputs, bench, 600, readings));
}

}  // namespace
}  // namespace lightloom::cosim
