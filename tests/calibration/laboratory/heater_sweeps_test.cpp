#include "calibration/laboratory/heater_sweeps.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/sweep_start.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/gauge.hpp"

namespace lightloom::calibration {
namespace {

constexpr double whole_turn = 2 * std::numbers::pi;

double distance(double a, double b) { return std::abs(std::remainder(a - b, whole_turn)); }

/// Sweeps of one hidden chip, and the start they give in the truth's gauge.
struct Started {
  ChipShape shape;
  std::vector<double> truth;
  SweepRun run;
  SweepStart start;

  Started(const ChipCard& card, const LaboratoryCard& laboratory, std::uint64_t seed)
      : shape(chip_shape(card)), truth(hidden_parameters(shape, card, seed, 0)) {
    VirtualChip chip(shape, truth, laboratory, {seed});
    run = sweep_heaters(shape, instrument_of(chip), {.seed = seed});
    FitCard fit;
    fit.crosstalk_amplitude = card.crosstalk_amplitude;
    fit.crosstalk_decay_um = card.crosstalk_decay_um;
    start = start_from_sweeps(shape, design_start(shape, fit), run.sweeps);
    truth = in_gauge_of(shape, truth, start.parameters);
  }
  [[nodiscard]] double error(ParameterKind kind, int heater) const {
    const auto p = static_cast<std::size_t>(shape.parameters.at(kind, heater));
    return distance(start.parameters[p], truth[p]);
  }
  /// Root mean square over theta (0) or phi (1).
  [[nodiscard]] double bias_error(int which) const {
    double sum = 0;
    for (int k = 0; k < shape.cells(); ++k)
      sum += std::pow(error(ParameterKind::bias, 2 * k + which), 2);
    return std::sqrt(sum / shape.cells());
  }
};

TEST(Startup, FindsThetaAndPhiOfManyChipsWithinTheirBasin) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    const Started s({.modes = 9}, {}, seed);
    EXPECT_TRUE(s.start.silent.empty()) << "seed " << seed;
    for (int h = 0; h < s.shape.heater_count(); ++h)
      // A start within 1 rad is in the basin of the fit (docs/models/calibration/mesh.md#start).
      EXPECT_LT(s.error(ParameterKind::bias, h), 1) << "seed " << seed << ", heater " << h;
  }
}

TEST(Startup, IsExactForAPerfectMeshWithoutNoise) {
  const ChipCard card{.modes = 6, .splitter_sigma_rad = 0, .crosstalk_amplitude = 0};
  const Started s(card, {.noise = {.thermal = 0, .shot = 0, .relative = 0}}, 3);
  // Left: light that MZIs leak whose bar state is off by the error of their own sweeps before.
  for (int h = 0; h < s.shape.heater_count(); ++h) {
    EXPECT_LT(s.error(ParameterKind::bias, h), 1e-4) << "heater " << h;
    if (h % 2 == 0 || s.shape.topology.cells[static_cast<std::size_t>(h / 2)].column > 0) {
      EXPECT_LT(s.error(ParameterKind::efficiency, h), 1e-5) << "heater " << h;
    }
  }
}

TEST(Startup, LeaksOfSplittersCountInSecondOrderOnly) {
  ChipCard card{.modes = 8, .splitter_sigma_rad = 0.005, .crosstalk_amplitude = 0};
  const Started s(card, {.noise = {.thermal = 0, .shot = 0, .relative = 0}}, 1);
  // One leak is sqrt(2) 0.005 in amplitude and moves a fringe by as much; some ten pairs of leaks
  // add up to sqrt(10) 5e-5 = 1.6e-4 in a fringe, and some ten fringes to one phi_0.
  EXPECT_LT(s.bias_error(0), 5e-4);
  EXPECT_LT(s.bias_error(1), 2e-3);
}

TEST(Startup, DeadHeatersAreNamedAndTheirNeighboursFoundAllTheSame) {
  const ChipCard card{.modes = 6, .crosstalk_amplitude = 0, .dead_heaters = {12, 23}};
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Started s(card, {}, seed);
    EXPECT_EQ(s.start.silent, (std::vector<int>{12, 23})) << "seed " << seed;
    for (int k = 0; k < s.shape.cells(); ++k) {
      if (k == 6) continue;
      EXPECT_LT(s.error(ParameterKind::bias, 2 * k), 0.3) << "seed " << seed << ", MZI " << k;
    }
    for (const int heater : s.start.silent)
      EXPECT_EQ(s.start.parameters[static_cast<std::size_t>(
                    s.shape.parameters.at(ParameterKind::efficiency, heater))],
                0);
  }
}

TEST(Startup, AThetaThatCannotMoveStartsWhereItsBrightnessPutsIt) {
  const ChipCard card{.modes = 6, .crosstalk_amplitude = 0, .dead_heaters = {12}};
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    const Started s(card, {}, seed);
    const auto p = static_cast<std::size_t>(s.shape.parameters.at(ParameterKind::bias, 12));
    // Its sign cannot be seen. Two ports of 0.3 dB make its share of the light uncertain by 10 %,
    // and a tenth may come back by other ways.
    const auto share = [](double theta) { return std::pow(std::sin(theta / 2), 2); };
    EXPECT_NEAR(share(s.start.parameters[p]), share(s.truth[p]), 0.25) << "seed " << seed;
  }
}

TEST(Startup, AnInstrumentDividesByItsSource) {
  const ChipCard card{.modes = 3};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 1, 0);
  const LaboratoryCard still{.noise = {.thermal = 0, .shot = 0, .relative = 0}};
  LaboratoryCard drifting = still;
  drifting.source_drift = 0.1;
  drifting.monitor_sigma = 0;
  VirtualChip a(shape, truth, still, {1}), b(shape, truth, drifting, {1});
  const std::vector<double> volts(6, 3.0);
  const std::vector<double> expected = instrument_of(a)(volts, 1),
                            found = instrument_of(b)(volts, 1);
  for (std::size_t p = 0; p < 3; ++p) EXPECT_NEAR(found[p], expected[p], 1e-12);
}

}  // namespace
}  // namespace lightloom::calibration
