#include "photonic/cores/core_cost.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"

// Cores by hand: every number below stands in the shipped card, and is written out again.

namespace lightloom::photonic {
namespace {

CoreCard shipped(const std::string& name, const std::vector<std::string>& settings) {
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings));
}

const CoreCost::Part& part(const CoreCost& cost, const std::string& component) {
  for (const CoreCost::Part& found : cost.parts)
    if (found.component == component) return found;
  ADD_FAILURE() << component;
  return cost.parts.front();
}

constexpr double q = 1.602176634e-19;
constexpr double bandwidth = 2.5e9;  // half of 5 GS/s
constexpr double dac_pJ = 50.0 / 14, adc_pJ = 14.8 / 10, modulator_pJ = 0.45,
                 amplifier_pJ = 3.0 / 5;

/// What cores of 10 outputs and 12 inputs have alike.
void expect_converters_and_receivers(const CoreCost& cost) {
  EXPECT_NEAR(part(cost, "DAC").energy_pJ_per_symbol, 12 * dac_pJ, 1e-9);
  EXPECT_NEAR(part(cost, "DAC").area_mm2, 12 * 11000e-6, 1e-12);
  EXPECT_NEAR(part(cost, "ADC").energy_pJ_per_symbol, 10 * adc_pJ, 1e-9);
  EXPECT_NEAR(part(cost, "ADC").area_mm2, 10 * 2850e-6, 1e-12);
  EXPECT_NEAR(part(cost, "modulator").energy_pJ_per_symbol, 12 * modulator_pJ, 1e-9);
  EXPECT_NEAR(part(cost, "modulator").area_mm2, 12 * 10000e-6, 1e-12);
  EXPECT_NEAR(part(cost, "receiver").energy_pJ_per_symbol, 10 * amplifier_pJ, 1e-9);
  EXPECT_NEAR(part(cost, "receiver").area_mm2, 10 * (50 + 2 * 40) * 1e-6, 1e-12);
}

TEST(MeshByHand, EnergyAndAreaOfEveryComponent) {
  // 10 outputs and 12 inputs: meshes of 12 modes, 66 MZIs each.
  const CoreCost cost = core_cost(shipped("mzi-mesh", {"rows=10", "columns=12"}));
  expect_converters_and_receivers(cost);
  // 4 mW an input and a local oscillator of 1 mW an output, at 20 %.
  EXPECT_NEAR(cost.laser_power_mW, (12 * 4 + 10 * 1) / 0.2, 1e-9);
  EXPECT_NEAR(part(cost, "laser").energy_pJ_per_symbol, 290.0 / 5, 1e-9);
  // Two shifters an MZI and one a mode behind, twice, and an attenuator a mode.
  const double shifters = 2 * (2 * 66 + 12) + 12;
  EXPECT_EQ(cost.devices, shifters);
  EXPECT_NEAR(part(cost, "phase shifters").energy_pJ_per_symbol, shifters * cost.hold_power_mW / 5,
              1e-9);
  EXPECT_NEAR(part(cost, "phase shifters").area_mm2, (2 * (66 + 12) + 12) * 15000e-6, 1e-9);
  EXPECT_NEAR(cost.input_energy_pJ, dac_pJ + modulator_pJ, 1e-9);
  EXPECT_NEAR(cost.output_energy_pJ, adc_pJ + amplifier_pJ, 1e-9);
  EXPECT_EQ(cost.static_power_mW, 0);
  EXPECT_EQ(cost.write_energy_pJ, 3.57);
  EXPECT_EQ(cost.settle_ns, 10000);
  EXPECT_EQ(cost.parts.size(), 6U);
  double area = 0;
  for (const CoreCost::Part& each : cost.parts) area += each.area_mm2;
  EXPECT_NEAR(cost.area_mm2, area, 1e-9);
}

TEST(MeshByHand, SettingsTakeAnSvdAndTwoDecompositions) {
  // 21 N^3 and twice 14 N^3, N = 12.
  EXPECT_EQ(core_cost(shipped("mzi-mesh", {"rows=10", "columns=12"})).decompose_operations,
            49 * 1728.0);
}

TEST(MeshByHand, HeldPowerIsThatOfDecomposedRandomMatrices) {
  constexpr int n = 9, draws = 300;
  double mean = 0, square = 0;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    const MeshSettings set =
        decompose_clements(haar_unitary(n, Stream({.seed = 3, .purpose = Purpose::test}), draw));
    double thetas = 0;
    for (const double theta : set.theta) thetas += theta;
    mean += thetas / draws;
    square += thetas * thetas / draws;
  }
  const CoreCost cost = core_cost(shipped("mzi-mesh", {"mesh.modes=9"}));
  // 30 mW for pi. Two meshes of 36 MZIs: theta, phi at pi in the mean, 9 screens; 9 attenuators.
  const double in_pi = 2 * (mean / std::numbers::pi + 36 + 9) + 0.5 * 9;
  const double error = 2 * std::sqrt((square - mean * mean) / draws) / std::numbers::pi;
  EXPECT_NEAR(cost.hold_power_mW * static_cast<double>(cost.devices), 30 * in_pi, 4 * 30 * error);
  EXPECT_LT(error, 0.01 * in_pi);
}

TEST(MeshByHand, LightAndNoiseOfAFullScaleProduct) {
  const CoreCard card = shipped("mzi-mesh", {"rows=10", "columns=12"});
  // Coupling, modulator, two meshes of 12 MZIs on the way and an attenuator.
  const double loss_db = 0.7 + 1.2 + (2 * 12 + 1) * 0.1;
  EXPECT_NEAR(insertion_loss_db(card), loss_db, 1e-12);
  const double signal_A = 4e-3 * std::pow(10.0, -loss_db / 10), oscillator_A = 1e-3;
  const double full_A = 2 * std::sqrt(signal_A * oscillator_A);
  const double additive =
      (2 * q * (oscillator_A + 2 * 25e-9) + std::pow(10e-12, 2)) * bandwidth / (full_A * full_A);
  const ReadoutNoise noise = readout_noise(card);
  EXPECT_NEAR(noise.additive, std::sqrt(additive), 1e-9);
  EXPECT_NEAR(noise.signal, std::sqrt(2 * q * signal_A * bandwidth) / full_A, 1e-9);
  EXPECT_NEAR(noise.relative, std::sqrt(1e-15 * bandwidth), 1e-12);
  EXPECT_EQ(noise.shot, 0);
  EXPECT_EQ(noise.leak, 0);
  EXPECT_EQ(noise.dark, 0);
}

TEST(PcmByHand, EnergyAndAreaOfEveryComponent) {
  const CoreCost cost = core_cost(shipped("pcm-crossbar", {"rows=10", "columns=12"}));
  expect_converters_and_receivers(cost);
  EXPECT_NEAR(cost.laser_power_mW, 12 * 4 / 0.2, 1e-9);
  EXPECT_NEAR(part(cost, "laser").energy_pJ_per_symbol, 240.0 / 5, 1e-9);
  // Two cells a weight, that hold their state without power, each written and looked up.
  EXPECT_EQ(cost.devices, 2 * 10 * 12);
  EXPECT_EQ(cost.decompose_operations, 2 * 10 * 12);
  EXPECT_EQ(cost.hold_power_mW, 0);
  EXPECT_EQ(part(cost, "phase shifters").energy_pJ_per_symbol, 0);
  EXPECT_NEAR(part(cost, "phase shifters").area_mm2, 2 * 10 * 12 * 500e-6, 1e-12);
  EXPECT_EQ(cost.write_energy_pJ, 500);
  EXPECT_EQ(cost.settle_ns, 1000);
  EXPECT_EQ(cost.static_power_mW, 0);
  EXPECT_EQ(cost.parts.size(), 6U);
}

TEST(PcmByHand, LightOfAnInputIsSplitOverBothCellsOfEveryRow) {
  const CoreCard card = shipped("pcm-crossbar", {"rows=10", "columns=12"});
  const double loss_db = 0.7 + 1.2 + 1 + 10 * std::log10(20);
  EXPECT_NEAR(insertion_loss_db(card), loss_db, 1e-12);
  const double full_A = 4e-3 * std::pow(10.0, -(0.7 + 1.2 + 1) / 10) / 20;
  const double additive = (2 * q * 2 * 25e-9 + std::pow(10e-12, 2)) * bandwidth;
  const ReadoutNoise noise = readout_noise(card);
  EXPECT_NEAR(noise.additive, std::sqrt(additive) / full_A, 1e-9);
  EXPECT_NEAR(noise.shot, std::sqrt(2 * q * bandwidth / full_A), 1e-9);
  EXPECT_NEAR(noise.relative, std::sqrt(1e-15 * bandwidth), 1e-12);
  EXPECT_EQ(noise.signal, 0);
}

// Three readings of 40 pJ and 12 ns each; what follows the symbols of a product is done once.
TEST(Readings, EachTakesItsReadPhaseAndTheProductWhatFollowsIt) {
  const std::string card =
      "{kind: ideal, rows: 8, columns: 4, precision: {table: [{part: array, per: phase, energy_pJ: "
      "40, time_ns: 12}, {part: neuron, per: product, energy_pJ: 5, time_ns: 3}]}, readings: ";
  const CoreCost cost = core_cost(read_card<CoreCard>(parse_yaml(card + "3}", "core_cost_test")));
  EXPECT_DOUBLE_EQ(cost.phase_energy_pJ, 3 * 40);
  EXPECT_DOUBLE_EQ(cost.symbol_rate_GHz, 1 / 36.0);
  EXPECT_EQ(cost.product_energy_pJ, 5);
  EXPECT_EQ(cost.product_ns, 3);
  EXPECT_DOUBLE_EQ(part(cost, "array").energy_pJ_per_symbol, 3 * 40);
}

TEST(LaserDuty, ALaserThatIsAlwaysOnTakesItsPowerWhetherSymbolsRunOrNot) {
  for (const auto& [name, power_mW] :
       {std::pair{"mzi-mesh", (12 * 4 + 10 * 1) / 0.2}, {"pcm-crossbar", 12 * 4 / 0.2}}) {
    const CoreCost streaming = core_cost(shipped(name, {"rows=10", "columns=12"}));
    const CoreCost always =
        core_cost(shipped(name, {"rows=10", "columns=12", "laser.duty=always"}));
    EXPECT_EQ(always.laser_power_mW, 0);
    EXPECT_NEAR(always.static_power_mW, power_mW, 1e-9);
    EXPECT_EQ(streaming.static_power_mW, 0);
    // While symbols run both take the same.
    EXPECT_NEAR(part(always, "laser").energy_pJ_per_symbol, power_mW / 5, 1e-9);
    EXPECT_EQ(part(streaming, "laser").energy_pJ_per_symbol,
              part(always, "laser").energy_pJ_per_symbol);
  }
}

}  // namespace
}  // namespace lightloom::photonic
