#include "calibration/problem/identifiability.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/gauge.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "core/random/random.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::calibration {
namespace {

using Kinds = std::vector<ParameterKind>;
const Kinds base{ParameterKind::efficiency, ParameterKind::bias, ParameterKind::alpha,
                 ParameterKind::beta};

Kinds with(Kinds kinds_freed, const Kinds& more) {
  kinds_freed.insert(kinds_freed.end(), more.begin(), more.end());
  return kinds_freed;
}

struct Example {
  ChipShape shape;
  std::vector<double> truth;
  Measurements data;
  FitProblem problem;

  Example(const ChipCard& card, const Inputs& inputs)
      : shape(chip_shape(card)), truth(hidden_parameters(shape, card, 2, 0)) {
    VirtualChip chip(shape, truth, {}, {2});
    const int settings = 12 + 60 / card.modes;
    data = measure(chip, random_voltages(shape, settings, 6.5, 4), inputs);
    problem = {.shape = &shape, .data = &data};
    for (int s = 0; s < settings; ++s) problem.settings.push_back(s);
    problem.sigma.assign(data.readings.size(), 1.0);
  }
  Identifiability of(const std::vector<bool>& is_free) {
    problem.free = free_set(is_free);
    return identify(problem, truth);
  }
  Identifiability of(const Kinds& kinds_freed) {
    return of(free_kinds(shape.parameters, kinds_freed));
  }
};

ChipCard chip_of(int modes) {
  return {.modes = modes,
          .splitter_sigma_rad = 0.05,
          .arm_loss_sigma_db = 0.2,
          .crosstalk_amplitude = 0};
}

class NullSpace : public testing::TestWithParam<int> {};

TEST_P(NullSpace, HasTheDimensionTheGaugesPredict) {
  const int n = GetParam(), gauges = (n - 1) + n / 2;
  Example e(chip_of(n), single_ports(n));
  const auto null_of = [&](const Kinds& more) {
    const Identifiability found = e.of(with(base, more));
    EXPECT_GT(found.gap, 1e4);
    EXPECT_TRUE(found.unexplained.empty())
        << found.unexplained.size() << " e.g. " << found.unexplained.front();
    return found.null_dimension();
  };
  EXPECT_EQ(null_of({}), gauges);
  EXPECT_EQ(null_of({ParameterKind::screen}), gauges + n);
  EXPECT_EQ(null_of({ParameterKind::input_gain, ParameterKind::output_gain}), gauges + 1);
  EXPECT_EQ(
      null_of({ParameterKind::input_gain, ParameterKind::output_gain, ParameterKind::device_gain}),
      gauges + 1);
  EXPECT_EQ(null_of({ParameterKind::arm_gain}), gauges);
  EXPECT_EQ(
      null_of({ParameterKind::arm_gain, ParameterKind::input_gain, ParameterKind::output_gain}),
      gauges + n);
  EXPECT_EQ(null_of({ParameterKind::arm_gain, ParameterKind::input_gain, ParameterKind::output_gain,
                     ParameterKind::device_gain}),
            gauges + n + 1);
  EXPECT_EQ(null_of({ParameterKind::offset}), gauges);
}

TEST_P(NullSpace, ShowsTheFirstColumnThroughCrosstalk) {
  const int n = GetParam();
  ChipCard card = chip_of(n);
  card.crosstalk_amplitude = 0.05;
  Example e(card, single_ports(n));
  EXPECT_EQ(e.of(with(base, {ParameterKind::crosstalk})).null_dimension(), n - 1);
}

TEST_P(NullSpace, IsEmptyForCoherentInputsOfKnownPhase) {
  const int n = GetParam();
  const Stream stream({.seed = 8, .purpose = Purpose::test});
  Inputs inputs{n, n, {}};
  for (std::uint64_t i = 0; i < as_index(n * n); ++i)
    inputs.fields.emplace_back(stream.normal(i, 0), stream.normal(i, 1));
  Example e(chip_of(n), inputs);
  EXPECT_EQ(e.of(base).null_dimension(), 0);
}

TEST_P(NullSpace, IsEmptyOnceTheGaugeIsHeld) {
  const int n = GetParam();
  for (const double amplitude : {0.0, 0.05}) {
    ChipCard card = chip_of(n);
    card.crosstalk_amplitude = amplitude;
    Example e(card, single_ports(n));
    Kinds freed =
        with(base, {ParameterKind::input_gain, ParameterKind::output_gain, ParameterKind::arm_gain,
                    ParameterKind::offset, ParameterKind::device_gain, ParameterKind::screen});
    if (amplitude > 0) freed.push_back(ParameterKind::crosstalk);
    std::vector<bool> is_free = free_kinds(e.shape.parameters, freed);
    const auto before = std::count(is_free.begin(), is_free.end(), true);
    hold_gauge(e.shape, is_free);
    EXPECT_LT(std::count(is_free.begin(), is_free.end(), true), before);
    EXPECT_EQ(e.of(is_free).null_dimension(), 0) << amplitude;
  }
}

INSTANTIATE_TEST_SUITE_P(EvenAndOddMeshes, NullSpace, testing::Values(3, 4, 5, 6));

TEST(Gauge, MovingAlongAKnownDirectionChangesNoReading) {
  for (const auto kind : {photonic::MeshKind::clements, photonic::MeshKind::reck}) {
    ChipCard card = chip_of(5);
    card.topology = kind;
    const ChipShape shape = chip_shape(card);
    const std::vector<double> truth = hidden_parameters(shape, card, 2, 0);
    std::vector<bool> all(truth.size(), true);
    all[static_cast<std::size_t>(shape.parameters.at(ParameterKind::crosstalk, 0))] = false;
    const FreeSet free = free_set(all);
    const std::vector<double> voltages = random_voltages(shape, 1, 6.5, 1);
    const auto readings = [&](const std::vector<double>& parameters) {
      std::vector<double> result(25);
      predict({shape, parameters}, voltages, single_ports(5), result);
      return result;
    };
    const std::vector<double> before = readings(truth);
    const auto directions = known_null_directions(shape, free, truth);
    EXPECT_GT(directions.size(), 15u);
    for (const NullDirection& known : directions) {
      std::vector<double> moved = truth;
      for (std::size_t p = 0; p < moved.size(); ++p) moved[p] += 0.3 * known.direction[p];
      const std::vector<double> after = readings(moved);
      for (std::size_t row = 0; row < after.size(); ++row)
        EXPECT_NEAR(after[row], before[row], 1e-13) << known.name;
    }
  }
}

TEST(Gauge, TruthMovedIntoTheGaugeOfTheDesignReadsTheSameAndHasItsHeldEntries) {
  for (const int n : {4, 5}) {
    const ChipCard card{.modes = n};
    const ChipShape shape = chip_shape(card);
    const std::vector<double> truth = hidden_parameters(shape, card, 4, 0),
                              design = design_parameters(shape, card);
    const std::vector<double> moved = in_gauge_of(shape, truth, design);
    std::vector<bool> is_free(truth.size(), true);
    hold_gauge(shape, is_free);
    int held = 0;
    for (int h = 1; h < shape.heater_count(); h += 2) {
      const auto p = static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, h));
      if (is_free[p]) continue;
      EXPECT_NEAR(moved[p], design[p], 1e-12);
      ++held;
    }
    EXPECT_EQ(held, n - 1);
    std::vector<double> before(static_cast<std::size_t>(n * n)), after = before;
    const std::vector<double> voltages = random_voltages(shape, 1, 6.5, 1);
    predict({shape, truth}, voltages, single_ports(n), before);
    predict({shape, moved}, voltages, single_ports(n), after);
    for (std::size_t row = 0; row < after.size(); ++row)
      EXPECT_NEAR(after[row], before[row], 1e-12);
  }
}

TEST(Identifiability, NamesTheUnlitDevices) {
  // Light in port 0 only, columns 0 and 1 of a 6-port mesh: the lower cells of column 0 stay dark.
  Inputs inputs{1, 6, std::vector<photonic::Complex>(6)};
  inputs.fields[0] = 1;
  Example e(chip_of(6), inputs);
  const Identifiability found = e.of(base);
  ASSERT_FALSE(found.dead.empty());
  const auto is_dead = [&](ParameterKind kind, int element) {
    return std::count(found.dead.begin(), found.dead.end(), e.shape.parameters.at(kind, element)) >
           0;
  };
  EXPECT_TRUE(is_dead(ParameterKind::alpha, 1));       // cell 1: column 0, ports 2-3
  EXPECT_TRUE(is_dead(ParameterKind::efficiency, 2));  // its theta heater
  EXPECT_FALSE(is_dead(ParameterKind::alpha, 0));
  EXPECT_EQ(e.shape.parameters.name(e.shape.parameters.at(ParameterKind::alpha, 1)),
            "alpha of MZI 1 (column 0, ports 2-3)");
}

}  // namespace
}  // namespace lightloom::calibration
