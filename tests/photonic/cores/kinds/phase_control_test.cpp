#include "photonic/cores/kinds/phase_control.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "photonic/control/thermal_crosstalk.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/devices/drift.hpp"
#include "photonic/devices/heater.hpp"
#include "photonic/meshes/fabrication.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

TEST(Heater, PiVoltageGivesPiAndTheInverseComesBack) {
  HeaterCard card;
  EXPECT_NEAR(heater_phase(card, 4.36), pi, 1e-15);
  card.self_heating = 0.05;
  EXPECT_LT(heater_phase(card, 4.36), pi);
  for (double phase = 0; phase < 2 * pi; phase += 0.1) {
    const DrivenVoltage driven = heater_voltage(card, phase);
    EXPECT_NEAR(heater_phase(card, driven.voltage_V), phase, 1e-13);
    EXPECT_FALSE(driven.clipped);
  }
}

TEST(Heater, QuarticTermIsTheFirstOrderOfSelfHeating) {
  // Closed form: P = (-1 + sqrt(1 + 4 rho V^2/R0)) / (2 rho); with everything in units of P_pi, p =
  // (-1 + sqrt(1 + 4 h v)) / 2h.
  HeaterCard card;
  for (const double h : {0.01, 0.005}) {
    card.self_heating = h;
    const double v = 1.2, closed = pi * (-1 + std::sqrt(1 + 4 * h * v)) / (2 * h);
    EXPECT_NEAR(heater_phase(card, 4.36 * std::sqrt(v)), closed,
                2.1 * pi * h * h * v * v * v);  // next order: 2 h^2 v^3
  }
}

TEST(Heater, ClipsAtTheDriversLimitAndNotBefore) {
  HeaterCard card;
  card.max_voltage_V = 5;
  const double most = heater_phase(card, 5);
  EXPECT_FALSE(heater_voltage(card, most * (1 - 1e-12)).clipped);
  EXPECT_TRUE(heater_voltage(card, most * (1 + 1e-9)).clipped);
  EXPECT_NEAR(heater_voltage(card, 2 * most).voltage_V, 5, 1e-15);
}

TEST(Heater, VoltageCodesAreCoarsestAtHighVoltage) {
  HeaterCard card;
  card.voltage_bits = 8;
  const double step = 10.8 / 255;
  EXPECT_DOUBLE_EQ(coded_voltage(card, 10.8), 10.8);
  EXPECT_NEAR(coded_voltage(card, 7 * step + 0.4 * step), 7 * step, 1e-14);
  // d phi = 2 gamma V dV: 0.15 rad at the top of the range.
  EXPECT_NEAR(heater_phase(card, 10.8) - heater_phase(card, 10.8 - step), 0.15, 0.003);
}

TEST(Crosstalk, KernelsAreThoseOfTheirSources) {
  CrosstalkCard card{.kernel = CrosstalkKernel::fitted};
  EXPECT_NEAR(crosstalk_share(card, 0), 1, 1e-15);
  EXPECT_NEAR(crosstalk_share(card, 10), 0.101, 5e-4);
  EXPECT_NEAR(crosstalk_share(card, 24), 0.0102, 5e-5);
  for (double d = 0; d < 60; d += 0.05)
    EXPECT_GE(crosstalk_share(card, d), crosstalk_share(card, d + 0.05)) << d;
  card = {.kernel = CrosstalkKernel::exponential, .strength = 0.5, .decay_um = 7};
  EXPECT_NEAR(crosstalk_share(card, 14), 0.5 * std::exp(-2), 1e-15);
}

TEST(Crosstalk, HeatOfOneShifterReachesItsNeighboursByTheirDistance) {
  const Topology topology = clements_topology(4);
  const CrosstalkCard card{.kernel = CrosstalkKernel::exponential, .decay_um = 20};
  const ThermalCrosstalk crosstalk(card, {.mode_um = 30, .column_um = 300}, topology);
  MeshSettings set = zero_settings(topology);
  set.theta[0] = 2.0;  // column 0, modes 0 and 1; cell 1 is on modes 2 and 3 of the same column
  Fabrication cells(topology.cells.size());
  crosstalk.induce(set, cells, set.screen);
  EXPECT_EQ(cells[0].theta_top.phase_rad, 0);  // its own guide has the set phase already
  EXPECT_NEAR(cells[0].theta_bottom.phase_rad, 2 * std::exp(-1.5), 1e-15);
  EXPECT_NEAR(cells[1].theta_top.phase_rad, 2 * std::exp(-3.0), 1e-15);
  EXPECT_NEAR(cells[1].theta_bottom.phase_rad, 2 * std::exp(-4.5), 1e-15);
  EXPECT_NEAR(cells[0].phi_top.phase_rad, 2 * std::exp(-7.5), 1e-15);  // half a column away
}

TEST(Crosstalk, HeatOnABareGuideIsFoundWhereItLeads) {
  // Mode 0 skips column 1 and mode 3 too; cell 2 sits between them. Its theta heater warms the
  // bare guides, whose phase arrives at the next cells (column 2) or, from column 3 on, at the
  // screen.
  const Topology topology = clements_topology(4);
  const CrosstalkCard card{.kernel = CrosstalkKernel::exponential, .decay_um = 20, .cutoff = 1e-12};
  const ThermalCrosstalk crosstalk(card, {.mode_um = 30, .column_um = 100}, topology);
  MeshSettings set = zero_settings(topology);
  set.theta[2] = 2.0;
  Fabrication cells(topology.cells.size());
  crosstalk.induce(set, cells, set.screen);
  const auto share = [](double dx, double dy) { return 2 * std::exp(-std::hypot(dx, dy) / 20); };
  // The bare guide at phi's and theta's place in column 1, then the arm in front of cell 3.
  EXPECT_NEAR(cells[3].phi_top.phase_rad, share(50, 30) + share(0, 30) + share(50, 30), 1e-14);
  EXPECT_NEAR(cells[4].phi_bottom.phase_rad, share(50, 60) + share(0, 60) + share(50, 60), 1e-14);
  EXPECT_NEAR(cells[3].phi_bottom.phase_rad, share(50, 0), 1e-14);  // straight on: nothing skipped
  EXPECT_NEAR(set.screen[0], share(150, 30) + share(200, 30) + share(250, 30), 1e-14);
}

CoreCard crosstalk_card() {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.modes = 9;
  card.correction = Correction::none;
  mesh_part(card).crosstalk = {.kernel = CrosstalkKernel::exponential, .decay_um = 10};
  mesh_part(card).mesh.pitch = {.mode_um = 25, .column_um = 60};
  return card;
}

TEST(Crosstalk, KnownCrosstalkIsCompensatedToRoundOff) {
  CoreCard card = crosstalk_card();
  const ChipStatistics unaware = chip_statistics(card, {.chips = 5});
  mesh_part(card).crosstalk.aware = true;
  const ChipStatistics aware = chip_statistics(card, {.chips = 5});
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_GT(unaware.error[i], 0.1);
    EXPECT_LT(aware.error[i], 1e-12);
  }
}

TEST(Crosstalk, GrowsWithTheShareOfHeatThatLeaks) {
  CoreCard card = crosstalk_card();
  mesh_part(card).crosstalk.strength = 0.02;
  const double weak = summarise(chip_statistics(card, {.chips = 20}).error).mean;
  mesh_part(card).crosstalk.strength = 0.04;
  const double strong = summarise(chip_statistics(card, {.chips = 20}).error).mean;
  EXPECT_NEAR(strong / weak, 2, 0.05);  // linear while phases stay small
}

TEST(PhaseBias, IsMadeUpForBySetPointsAndCostsPower) {
  for (const DeviceKind device :
       {DeviceKind::mzi, DeviceKind::three_splitter, DeviceKind::compact}) {
    CoreCard card = default_card("mzi-mesh");
    mesh_part(card).mesh.modes = 9;
    mesh_part(card).mesh.device = device;
    card.correction = Correction::none;
    const double without = summarise(chip_statistics(card, {.chips = 20}).power_mW).mean;
    mesh_part(card).phase_bias = PhaseBias::uniform;
    const ChipStatistics found = chip_statistics(card, {.chips = 20});
    const double shifters = device == DeviceKind::compact ? 81 + 4 : 81;
    // Driven phases are uniform over a turn: mean pi, standard deviation 2 pi / sqrt 12. (The odd
    // compact mesh has four shifters in front.)
    const double turn_mW = 2 * card.shifter.pi_power_mW;
    for (std::size_t i = 0; i < 20; ++i) EXPECT_LT(found.error[i], 1e-13);
    EXPECT_NEAR(summarise(found.power_mW).mean, shifters * turn_mW / 2,
                4 * turn_mW * std::sqrt(shifters / 12 / 20));
    if (device == DeviceKind::mzi) {
      EXPECT_LT(without, 0.9 * shifters * turn_mW / 2);
    }
  }
}

TEST(PhaseBias, BelongsToEveryShifterThatIsThereAndToNoOther) {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.device = DeviceKind::compact;
  mesh_part(card).phase_bias = PhaseBias::uniform;
  const Topology topology = clements_topology(8);
  const MeshSettings biases = phase_biases(card, {.seed = 4}, 0, topology);
  std::vector<double> all = biases.theta;
  for (const auto* more : {&biases.phi, &biases.screen})
    all.insert(all.end(), more->begin(), more->end());
  for (const int k : outer_shifters(topology))
    all.push_back(biases.outer[static_cast<std::size_t>(k)]);
  EXPECT_EQ(std::count(biases.outer.begin(), biases.outer.end(), 0.0),
            static_cast<std::ptrdiff_t>(28 - outer_shifters(topology).size()));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());  // all different
  EXPECT_GT(all.front(), 0);
  EXPECT_NE(biases.theta, phase_biases(card, {.seed = 4}, 1, topology).theta);
  EXPECT_NE(biases.theta, phase_biases(card, {.seed = 4, .chip = 1}, 0, topology).theta);
}

TEST(PhaseBias, IsSolvedForTogetherWithCrosstalk) {
  CoreCard card = crosstalk_card();
  mesh_part(card).crosstalk.aware = true;
  mesh_part(card).phase_bias = PhaseBias::uniform;
  for (const double error : chip_statistics(card, {.chips = 5}).error) EXPECT_LT(error, 1e-12);
}

TEST(Drift, HasTheVarianceAndMemoryOfItsProcess) {
  DriftCard card{.sigma_rad = 0.1, .time_constant_s = 100, .step_s = 30, .steps = 4};
  constexpr std::size_t count = 20000;
  const auto now = drifted_phases(card, 1, 2, count);
  card.steps = 7;
  const auto later = drifted_phases(card, 1, 2, count);
  double variance = 0, product = 0;
  for (std::size_t k = 0; k < count; ++k) {
    variance += now[k] * now[k] / count;
    product += now[k] * later[k] / count;
  }
  const double law = 0.01 * (1 - std::exp(-2 * 120.0 / 100)), error = law * std::sqrt(2.0 / count);
  EXPECT_NEAR(variance, law, 4 * error);
  EXPECT_NEAR(product, law * std::exp(-90.0 / 100), 4 * error);
}

TEST(Drift, CommonPartMovesAllShiftersAlike) {
  const DriftCard card{.common_sigma_rad = 0.1, .steps = 5};
  const auto phases = drifted_phases(card, 1, 0, 10);
  EXPECT_NE(phases[0], 0);
  for (const double phase : phases) EXPECT_EQ(phase, phases[0]);
  EXPECT_TRUE(drifted_phases({.sigma_rad = 1}, 1, 0, 10).empty());  // no step, no drift
}

TEST(Fabrication, CorrelatedErrorsHaveTheCovarianceOfTheirLength) {
  const Topology topology = clements_topology(12);
  const FabricationCard card{.correlated_sigma_rad = 0.02, .correlation_length_um = 800};
  constexpr std::uint32_t chips = 2000;
  const std::size_t a = 0, b = topology.cells.size() / 2;  // about half the mesh away
  const std::size_t below = 5;                             // ten modes further in the same column
  const double dx = (topology.cells[b].column - topology.cells[a].column) * 150.0;
  const double dy = (topology.cells[b].top - topology.cells[a].top) * 60.0;
  double variance = 0, covariance = 0, vertical = 0;
  for (std::uint32_t chip = 0; chip < chips; ++chip) {
    const Fabrication f =
        draw_fabrication(card, topology, {.seed = 3, .chip = chip, .pitch = {60, 150}});
    EXPECT_EQ(f[a].alpha_rad, f[a].beta_rad);
    variance += f[a].alpha_rad * f[a].alpha_rad / chips;
    covariance += f[a].alpha_rad * f[b].alpha_rad / chips;
    vertical += f[a].alpha_rad * f[below].alpha_rad / chips;
  }
  const double law = 4e-4, error = 4 * law * std::sqrt(2.0 / chips);
  EXPECT_NEAR(variance, law, error);
  EXPECT_NEAR(covariance, law * std::exp(-(dx * dx + dy * dy) / (2 * 800.0 * 800.0)), error);
  EXPECT_NEAR(vertical, law * std::exp(-600.0 * 600.0 / (2 * 800.0 * 800.0)), error);
}

TEST(Fabrication, OneKindOfErrorDoesNotMoveTheDrawsOfAnother) {
  const Topology topology = clements_topology(6);
  const FabricationCard alone{.splitter_sigma_rad = 0.02},
      both{.splitter_sigma_rad = 0.02, .arm_loss_sigma_db = 0.1};
  const Fabrication a = draw_fabrication(alone, topology, {.seed = 1}),
                    b = draw_fabrication(both, topology, {.seed = 1});
  for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k].alpha_rad, b[k].alpha_rad);
}

TEST(HeaterInMesh, UnknownEfficiencyActsAsAProportionalPhaseError) {
  // d phi = sigma phi, phi uniform over a turn: rms sigma 2 pi / sqrt 3; theta and screen likewise
  // but for theta's own law.
  CoreCard card = crosstalk_card();
  mesh_part(card).crosstalk.kernel = CrosstalkKernel::none;
  mesh_part(card).heater.efficiency_sigma = 0.002;
  const double error = summarise(chip_statistics(card, {.chips = 60}).error).mean;
  const double upper = std::sqrt(9.0) * 0.002 * 2 * pi / std::sqrt(3.0);
  EXPECT_LT(error, upper);
  EXPECT_GT(error, 0.6 * upper);
}

TEST(HeaterInMesh, TooSmallAVoltageIsCounted) {
  CoreCard card = crosstalk_card();
  mesh_part(card).crosstalk.kernel = CrosstalkKernel::none;
  mesh_part(card).heater.max_voltage_V = 4.36;  // reaches pi only
  const ChipStatistics s = chip_statistics(card, {.chips = 2});
  EXPECT_GT(s.unreachable[0], 0.3);
  EXPECT_GT(s.error[0], 0.1);
}

}  // namespace
}  // namespace lightloom::photonic
