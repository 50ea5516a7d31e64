#include "calibration/fit/pulls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/mesh_fit.hpp"
#include "calibration/fit/posterior.hpp"
#include "calibration/laboratory/heater_sweeps.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/gauge.hpp"

namespace lightloom::calibration {
namespace {

struct PullsExample {
  ChipShape shape;
  std::vector<double> truth;
  FitResult fit;
};

/// Chip `number` of a card, swept, measured at `settings` random settings and fitted.
PullsExample fitted_chip(const ChipCard& card, std::uint32_t number, int settings) {
  ChipShape shape = chip_shape(card);
  std::vector<double> truth = hidden_parameters(shape, card, 40, number);
  VirtualChip chip(shape, truth, {}, {40, number});
  const SweepRun run = sweep_heaters(shape, instrument_of(chip), {.seed = number});
  Measurements data =
      measure(chip, random_voltages(shape, settings, 6.5, 100 + number), single_ports(card.modes));
  data.sweeps = run.sweeps;
  // The prior is the distribution the chips are drawn from, so that pulls are N(0, 1) for
  // parameters that the data hardly determine, too.
  FitResult fit = fit_mesh(shape, data, {.splitter_sigma_rad = card.splitter_sigma_rad});
  return {std::move(shape), std::move(truth), std::move(fit)};
}

/// Where the normal distribution reaches `share`.
double quantile(double share) {
  double low = -5, high = 5;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

const PullStatistics& of(const std::vector<PullStatistics>& all, ParameterKind kind) {
  return *std::find_if(all.begin(), all.end(),
                       [&](const PullStatistics& one) { return one.kind == kind; });
}

TEST(Pulls, OfTruthsDrawnFromTheFitItselfAreStandardNormalAndOfWiderOnesNot) {
  const PullsExample example = fitted_chip({.modes = 4}, 0, 30);
  const auto statistics = [&](double width) {
    std::vector<std::vector<ChipPulls>> chips;
    for (std::uint32_t draw = 0; draw < 1000; ++draw) {
      std::vector<double> truth = sample_posterior(example.fit, 1, draw);
      for (std::size_t p = 0; p < truth.size(); ++p)
        truth[p] += (width - 1) * (truth[p] - example.fit.parameters[p]);
      chips.push_back(pulls_of(example.shape, example.fit, truth));
    }
    return pull_statistics(chips);
  };
  const std::vector<PullStatistics> honest = statistics(1), wider = statistics(1.3);
  ASSERT_EQ(honest.size(), 8u);  // kinds that the fit frees
  for (const PullStatistics& one : honest) {
    EXPECT_EQ(one.chips, 1000u);
    EXPECT_LT(std::abs(one.mean), 4 * one.mean_error) << kind_name(one.kind);
    EXPECT_LT(std::abs(one.variance - 1), 4 * one.variance_error) << kind_name(one.kind);
    EXPECT_GT(one.independent.p_value, 1e-3) << kind_name(one.kind);
    EXPECT_GT(one.one_per_chip.p_value, 1e-3) << kind_name(one.kind);
    EXPECT_EQ(one.one_per_chip.count, 1000u);
    EXPECT_EQ(one.independent.count, one.count);
  }
  // 12000 values with a standard deviation of 1.3: the distance of the distributions is 0.064.
  EXPECT_LT(of(wider, ParameterKind::efficiency).independent.p_value, 1e-6);
  EXPECT_NEAR(of(wider, ParameterKind::efficiency).variance,
              1.69 * of(honest, ParameterKind::efficiency).variance, 1e-9);
}

TEST(Pulls, OneOfEveryChipIsAnotherParameterOnEachOfThem) {
  std::vector<std::vector<ChipPulls>> chips;
  for (std::size_t c = 0; c < 50; ++c) {
    ChipPulls own{.kind = ParameterKind::alpha, .pulls = std::vector<double>(100)};
    own.pulls[2 * c] = quantile((static_cast<double>(c) + 0.5) / 50);
    own.independent = own.pulls;
    chips.push_back({own});
  }
  EXPECT_NEAR(pull_statistics(chips).front().one_per_chip.distance, 0.01, 1e-9);
}

TEST(Pulls, DoNotDependOnTheGaugeOfTheTruthNorOnWholeTurns) {
  const PullsExample example = fitted_chip({.modes = 4}, 0, 30);
  std::vector<double> other = example.truth;
  std::vector<bool> everything(other.size(), true);
  for (const NullDirection& known :
       known_null_directions(example.shape, free_set(everything), example.truth))
    if (known.name.starts_with("input phase") || known.name.starts_with("common scale"))
      for (std::size_t p = 0; p < other.size(); ++p) other[p] += 0.4 * known.direction[p];
  other[static_cast<std::size_t>(example.shape.parameters.at(ParameterKind::bias, 0))] += 4 * M_PI;
  const auto here = pulls_of(example.shape, example.fit, example.truth),
             there = pulls_of(example.shape, example.fit, other);
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t kind = 0; kind < here.size(); ++kind)
    for (std::size_t i = 0; i < here[kind].pulls.size(); ++i)
      EXPECT_NEAR(here[kind].pulls[i], there[kind].pulls[i], 1e-8) << kind << " " << i;
}

/// Issue: heater laws to within their intervals, and the splitters too.
void expect_standard_normal(int modes, int settings) {
  std::vector<std::vector<ChipPulls>> chips;
  for (std::uint32_t number = 0; number < 50; ++number) {
    const PullsExample example = fitted_chip({.modes = modes}, number, settings);
    chips.push_back(pulls_of(example.shape, example.fit, example.truth));
  }
  const std::vector<PullStatistics> all = pull_statistics(chips);
  constexpr double level = 0.01 / 8;  // of each of the eight tests, 1 % of all of them together
  for (const ParameterKind kind : {ParameterKind::efficiency, ParameterKind::bias,
                                   ParameterKind::alpha, ParameterKind::beta}) {
    const PullStatistics& one = of(all, kind);
    EXPECT_GT(one.one_per_chip.p_value, level) << kind_name(kind);
    EXPECT_GT(one.independent.p_value, level) << kind_name(kind);
    EXPECT_LT(std::abs(one.mean), 4 * one.mean_error) << kind_name(kind);
    EXPECT_LT(std::abs(one.variance - 1), 4 * one.variance_error) << kind_name(kind);
  }
}

TEST(Pulls, OfHeaterLawsAndSplittersOverFiftyChipsAreStandardNormal) {
  expect_standard_normal(6, 40);
}

TEST(SlowPulls, OfFiftyChipsOfSixteenPortsAreStandardNormal) { expect_standard_normal(16, 60); }

}  // namespace
}  // namespace lightloom::calibration
