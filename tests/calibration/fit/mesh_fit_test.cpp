#include "calibration/fit/mesh_fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/fit/fit_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/sweep_start.hpp"
#include "calibration/laboratory/heater_sweeps.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/measurement/data_check.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/gauge.hpp"
#include "calibration/programming/voltages.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

constexpr double turn = 2 * std::numbers::pi;

struct Laboratory {
  ChipCard card;
  ChipShape shape;
  std::vector<double> truth;
  Measurements data;

  Laboratory(const ChipCard& chip_card, const LaboratoryCard& laboratory, int settings,
             std::uint32_t chip = 0)
      : card(chip_card), shape(chip_shape(card)), truth(hidden_parameters(shape, card, 11, chip)) {
    VirtualChip device(shape, truth, laboratory, {11, chip});
    const SweepRun run = sweep_heaters(shape, instrument_of(device), {});
    EXPECT_TRUE(run.problems.empty());
    data = measure(device, random_voltages(shape, settings, laboratory.max_voltage_V, 3),
                   single_ports(card.modes));
    data.sweeps = run.sweeps;
  }
  [[nodiscard]] FitResult fit(const FitCard& fit_card = {}) const {
    return fit_mesh(shape, data, fit_card);
  }
  /// (fit - truth) / sigma of one free parameter, the truth in the gauge of the fit.
  [[nodiscard]] double pull(const FitResult& found, const std::vector<double>& truth_there,
                            int parameter) const {
    const auto p = static_cast<std::size_t>(parameter);
    double difference = found.parameters[p] - truth_there[p];
    if (shape.parameters.kind_of(parameter) == ParameterKind::bias)
      difference = std::remainder(difference, turn);
    return difference / found.sigma[p];
  }
};

double standard_error_of_chi2(const FitResult& fit) { return std::sqrt(2 / fit.dof); }

TEST(MeshFit, PredictsHeldOutPowersAtTheNoiseAndFindsTheParametersWithinTheirErrors) {
  double sum = 0, squares = 0;
  int count = 0;
  for (const std::uint32_t chip : {0u, 1u, 2u}) {
    const Laboratory lab({.modes = 5}, {}, 40, chip);
    const FitResult fit = lab.fit();
    EXPECT_TRUE(fit.converged);
    EXPECT_NEAR(fit.chi2_per_dof(), 1, 4 * standard_error_of_chi2(fit));
    // A prediction adds what the parameters are uncertain by.
    const double readings = static_cast<double>(fit.held_out.readings);
    EXPECT_NEAR(fit.held_out.rms, fit.held_out.expected_rms, 4 / std::sqrt(2 * readings));
    const std::vector<double> truth = in_gauge_of(lab.shape, lab.truth, fit.parameters);
    for (const int p : fit.free.parameters) {
      if (lab.shape.parameters.kind_of(p) == ParameterKind::crosstalk) continue;  // not Gaussian
      const double pull = lab.pull(fit, truth, p);
      EXPECT_LT(std::abs(pull), 5) << lab.shape.parameters.name(p);
      sum += pull;
      squares += pull * pull;
      ++count;
    }
  }
  const double mean = sum / count, variance = squares / count - mean * mean;
  EXPECT_NEAR(mean, 0, 5 / std::sqrt(count));  // pulls of one chip are correlated: 5 instead of 4
  EXPECT_NEAR(variance, 1, 5 * std::sqrt(2.0 / count));
}

TEST(MeshFit, PredictionsOfNewSettingsAreAsUncertainAsTheCovarianceSays) {
  double chi2 = 0, squares = 0, expected = 0, readings = 0;
  for (const std::uint32_t chip : {0u, 1u, 2u, 3u}) {
    const Laboratory lab({.modes = 5}, {}, 50, chip);
    const FitResult fit = lab.fit({.held_out = 0.5});
    const auto count = static_cast<double>(fit.held_out.readings);
    readings += count;
    chi2 += count * fit.held_out.chi2_per_reading;
    squares += count * fit.held_out.rms * fit.held_out.rms;
    expected += count * fit.held_out.expected_rms * fit.held_out.expected_rms;
  }
  const double bound = 4 * std::sqrt(2 / readings);
  EXPECT_NEAR(chi2 / readings, 1, bound);
  EXPECT_GT(expected / readings, 1 + 1.2 * bound);  // the test could not tell it otherwise
  EXPECT_NEAR(squares / expected, 1, bound);
}

TEST(MeshFit, WrongNoiseModelAndMissingCrosstalkRaiseChiSquare) {
  Laboratory lab({.modes = 4}, {}, 40);
  FitCard blind;
  blind.fit_crosstalk = false;
  blind.crosstalk_amplitude = 0;
  const FitResult without = lab.fit(blind);
  EXPECT_GT(without.chi2_per_dof(), 1 + 8 * standard_error_of_chi2(without));
  lab.data.noise.relative = 0.005;
  const FitResult optimistic = lab.fit();
  EXPECT_GT(optimistic.chi2_per_dof(), 2);
}

TEST(MeshFit, RecoversAllVisibleParametersWithoutNoise) {
  LaboratoryCard quiet;
  quiet.noise = {.thermal = 1e-12, .shot = 0, .relative = 0};
  const Laboratory lab({.modes = 4}, quiet, 40);
  FitCard exact;
  exact.prior_weight = 0;
  exact.max_iterations = 100;
  Measurements data = lab.data;
  data.noise = {.thermal = 1e-3, .shot = 0, .relative = 0};  // weights only: equal for all readings
  const FitResult fit = fit_mesh(lab.shape, data, exact);
  const std::vector<double> truth = in_gauge_of(lab.shape, lab.truth, fit.parameters);
  for (const int p : fit.free.parameters) {
    const auto i = static_cast<std::size_t>(p);
    double difference = fit.parameters[i] - truth[i];
    if (lab.shape.parameters.kind_of(p) == ParameterKind::bias)
      difference = std::remainder(difference, turn);
    // In units of what noise of 1e-3 would leave: 1e-8 of full scale is 1e-5 of it.
    EXPECT_LT(std::abs(difference), 1e-5 * std::max(fit.sigma[i], 1e-3))
        << lab.shape.parameters.name(p);
  }
}

TEST(MeshFit, NamesAHeaterThatNeverMovesAndFitsTheRest) {
  Laboratory lab({.modes = 4}, {}, 40);
  const int heater = 5;
  VirtualChip device(lab.shape, lab.truth, {}, {12});
  std::vector<double> voltages = random_voltages(lab.shape, 40, 6.5, 3);
  for (std::size_t s = 0; s < 40; ++s)
    voltages[s * static_cast<std::size_t>(lab.shape.heater_count()) + heater] = 3;
  Measurements data = measure(device, voltages, single_ports(4));
  data.sweeps = lab.data.sweeps;
  const FitResult fit = fit_mesh(lab.shape, data, {});
  const bool named = std::any_of(fit.notes.begin(), fit.notes.end(), [](const std::string& note) {
    return note.find("the phi heater of MZI 2 (column 1, ports 1-2) holds one voltage") == 0;
  });
  EXPECT_TRUE(named);
  EXPECT_EQ(fit.sigma[static_cast<std::size_t>(
                lab.shape.parameters.at(ParameterKind::efficiency, heater))],
            0);
  EXPECT_NEAR(fit.chi2_per_dof(), 1, 4 * standard_error_of_chi2(fit));
}

TEST(MeshFit, AStartOffByAFringeOrderShowsInChiSquare) {
  const Laboratory lab({.modes = 4}, {}, 40);
  SweepStart start = start_from_sweeps(lab.shape, design_start(lab.shape, {}), lab.data.sweeps);
  const auto gamma =
      static_cast<std::size_t>(lab.shape.parameters.at(ParameterKind::efficiency, 4));
  start.parameters[gamma] += turn / (6.5 * 6.5);
  const FitResult fit = fit_mesh(lab.shape, lab.data, {}, start.parameters);
  const bool recovered = std::abs(fit.chi2_per_dof() - 1) < 4 * standard_error_of_chi2(fit);
  EXPECT_TRUE(recovered || fit.chi2_per_dof() > 2);
}

TEST(MeshFit, HuberLossKeepsOutliersFromMovingTheFit) {
  LaboratoryCard rough;
  rough.outlier_fraction = 0.01;
  Laboratory lab({.modes = 4}, {}, 40);
  VirtualChip device(lab.shape, lab.truth, rough, {13});
  Measurements data = measure(device, random_voltages(lab.shape, 40, 6.5, 3), single_ports(4));
  data.sweeps = lab.data.sweeps;
  FitCard robust;
  robust.huber = 2;
  const FitResult fit = fit_mesh(lab.shape, data, robust);
  EXPECT_GT(fit.outliers, 2);
  EXPECT_NEAR(fit.chi2_per_dof(), 1, 0.25);
  EXPECT_GT(fit_mesh(lab.shape, data, {}).chi2_per_dof(), 10);
}

TEST(Programming, FittedChipIsProgrammedTwentyTimesBetterThanAnUncalibratedOne) {
  const Laboratory lab({.modes = 6}, {}, 40);
  const FitResult fit = lab.fit();
  ChipCard design = lab.card;
  const ProgrammingComparison error = compare_programming(
      lab.shape, {design_parameters(lab.shape, design), fit.parameters, lab.truth}, {6.5, 8, 5});
  EXPECT_LT(error.fitted, error.uncalibrated / 20);
  EXPECT_LT(error.fitted, error.heaters_only);
  EXPECT_LE(error.perfect, error.fitted);
}

TEST(Programming, PerfectKnowledgeOfALosslessChipLeavesOnlyWhatSplittersCannotReach) {
  ChipCard card{.modes = 5, .splitter_sigma_rad = 0, .device_loss_db = 0};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 3, 0);
  const ProgrammingComparison error =
      compare_programming(shape, {truth, truth, truth}, {6.5, 4, 5});
  EXPECT_LT(error.perfect, 1e-7);
}

TEST(DataCheck, FindsSwappedDetectorsByAFit) {
  const Laboratory lab({.modes = 4}, {}, 40);
  const FitResult fit = lab.fit();
  EXPECT_TRUE(find_swaps(lab.shape, lab.data, fit.parameters).empty());
  Measurements swapped = lab.data;
  for (std::size_t row = 0; row < swapped.readings.size(); row += 4)
    std::swap(swapped.readings[row + 1], swapped.readings[row + 3]);
  const std::vector<std::string> found = find_swaps(lab.shape, swapped, fit.parameters);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.front().find("detectors 1 and 3 seem swapped"), 0u);
}

}  // namespace
}  // namespace lightloom::calibration
