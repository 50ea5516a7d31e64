#include <gtest/gtest.h>

#include <cmath>

#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/mesh_fit.hpp"
#include "calibration/laboratory/heater_sweeps.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/chip_state.hpp"
#include "calibration/model/device_card.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {
namespace {

ChipCard with_pairs(int modes, double sigma) {
  ChipCard card{.modes = modes, .pair_sigma = sigma};
  card.layout.pair_reach_um = 130;
  return card;
}

TEST(ChipState, EqualsTheWholeModelToTheBitAfterAnyChangesOfVoltages) {
  ChipCard card = with_pairs(6, 0.01);
  card.self_heating = 0.05;
  card.arm_loss_sigma_db = 0.2;
  const ChipShape shape = chip_shape(card);
  const std::vector<double> parameters = hidden_parameters(shape, card, 2, 0);
  ChipState state(shape, parameters);
  const Stream stream({.seed = 3, .purpose = Purpose::test});
  std::vector<double> volts(static_cast<std::size_t>(shape.heater_count()), 2.0);
  for (std::uint64_t step = 0; step < 12; ++step) {
    // One heater, then a few, then none.
    for (std::uint64_t i = 0; i < step % 4; ++i)
      volts[static_cast<std::size_t>(stream.uniform(i, step) * static_cast<double>(volts.size()))] =
          6 * stream.uniform(i + 9, step);
    std::vector<double> phases(volts.size());
    heater_phases(shape, parameters, volts, phases);
    std::vector<photonic::Transfer> whole(shape.topology.cells.size());
    chip_transfers(shape, parameters, phases, whole);
    const std::span<const photonic::Transfer> kept = state.at(volts);
    for (std::size_t k = 0; k < whole.size(); ++k) {
      EXPECT_EQ(kept[k].tt, whole[k].tt) << step << " " << k;
      EXPECT_EQ(kept[k].bb, whole[k].bb) << step << " " << k;
    }
  }
}

struct Measured {
  ChipShape shape;
  std::vector<double> truth;
  Measurements data;

  explicit Measured(const ChipCard& card)
      : shape(chip_shape(card)), truth(hidden_parameters(shape, card, 4, 0)) {
    VirtualChip chip(shape, truth, {}, {4});
    const SweepRun run = sweep_heaters(shape, instrument_of(chip), {});
    data = measure(chip, random_voltages(shape, 50, 6.5, 3), single_ports(card.modes));
    data.sweeps = run.sweeps;
  }
};

TEST(NearPairs, OwnCouplingsAreFoundWithinTheirErrorsAndMissedWithoutThem) {
  const Measured lab(with_pairs(5, 0.01));
  const int pairs = lab.shape.parameters.count(ParameterKind::coupling);
  ASSERT_GT(pairs, 10);
  const FitResult fit = fit_mesh(lab.shape, lab.data, {});
  EXPECT_NEAR(fit.chi2_per_dof(), 1, 4 * std::sqrt(2 / fit.dof));
  double squares = 0, known = 0, seen = 0;
  for (int i = 0; i < pairs; ++i) {
    const auto p = static_cast<std::size_t>(lab.shape.parameters.at(ParameterKind::coupling, i));
    if (fit.sigma[p] == 0) {  // heat on first-column phi heaters: no power tells their phase
      EXPECT_NE(lab.shape.parameters.name(static_cast<int>(p)).find("on the phi heater"),
                std::string::npos);
      continue;
    }
    ++seen;
    squares += std::pow((fit.parameters[p] - lab.truth[p]) / fit.sigma[p], 2);
    if (fit.sigma[p] < 0.005) ++known;  // half the prior's 0.01
  }
  EXPECT_GT(seen, 0.7 * pairs);
  EXPECT_NEAR(squares / seen, 1, 5 * std::sqrt(2 / seen));  // correlated: 5 instead of 4
  EXPECT_GT(known, seen / 2);
  ChipCard blind = with_pairs(5, 0);
  blind.layout.pair_reach_um = 0;
  const ChipShape kernel_only = chip_shape(blind);
  EXPECT_EQ(kernel_only.parameters.count(ParameterKind::coupling), 0);
  const FitResult without = fit_mesh(kernel_only, lab.data, {});
  EXPECT_GT(without.chi2_per_dof(), 1 + 8 * std::sqrt(2 / without.dof));
}

TEST(NearPairs, SurviveTheDeviceCardAndCardsWithoutThemStillRead) {
  const ChipCard card = with_pairs(4, 0.01);
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 4, 0);
  const Tree written = device_card(shape, truth, truth);
  const ChipShape again = chip_shape(chip_of_device(written));
  EXPECT_EQ(again.parameters.size(), shape.parameters.size());
  EXPECT_EQ(parameters_of_card(again, written), truth);
  const ChipShape plain = chip_shape({.modes = 4});
  Tree old = device_card(plain, hidden_parameters(plain, {.modes = 4}, 4, 0), {});
  EXPECT_EQ(old.find("coupling"), nullptr);
  std::erase_if(old.at_or_add("layout").pairs,
                [](const TreeEntry& entry) { return entry.key == "pair_reach_um"; });
  EXPECT_EQ(chip_shape(chip_of_device(old)).parameters.size(), plain.parameters.size());
}

}  // namespace
}  // namespace lightloom::calibration
