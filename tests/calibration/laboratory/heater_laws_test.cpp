#include "calibration/laboratory/heater_laws.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/light_paths.hpp"

namespace lightloom::calibration {
namespace {

using photonic::MeshKind;

using std::numbers::pi;

std::vector<bool> all_live(const ChipShape& shape) {
  return std::vector<bool>(static_cast<std::size_t>(shape.heater_count()));
}
int cell_at(const ChipShape& shape, int column, int top) {
  for (int k = 0; k < shape.cells(); ++k) {
    const photonic::Cell& cell = shape.topology.cells[static_cast<std::size_t>(k)];
    if (cell.column == column && cell.top == top) return k;
  }
  return -1;
}

TEST(Arms, AreTheNearestHeatersThatTurnOneArmAlone) {
  const ChipShape shape = chip_shape({.modes = 8});
  const int middle = cell_at(shape, 3, 3);
  const auto before = arm_before(shape, middle, all_live(shape)),
             behind = arm_behind(shape, middle, all_live(shape));
  EXPECT_EQ(before->heater, 2 * middle + 1);
  EXPECT_TRUE(before->top);
  EXPECT_EQ(behind->heater, 2 * cell_at(shape, 4, 4) + 1);
  EXPECT_FALSE(behind->top);
  EXPECT_TRUE(behind->bars.empty());
}

TEST(Arms, ReachPastTheLowerEdgeThroughOneBar) {
  const ChipShape shape = chip_shape({.modes = 8});
  const auto behind = arm_behind(shape, cell_at(shape, 2, 6), all_live(shape));
  EXPECT_EQ(behind->heater, 2 * cell_at(shape, 4, 6) + 1);
  EXPECT_EQ(behind->bars, std::vector<int>{cell_at(shape, 3, 5)});
  EXPECT_TRUE(behind->top);
}

TEST(Arms, ArePortsWhereTheMeshEnds) {
  const ChipShape shape = chip_shape({.modes = 8});
  const auto behind = arm_behind(shape, cell_at(shape, 7, 3), all_live(shape));
  EXPECT_TRUE(behind->is_port());
  EXPECT_EQ(behind->port, behind->top ? 3 : 4);
}

TEST(Arms, AvoidDeadHeaters) {
  const ChipShape shape = chip_shape({.modes = 8});
  const int middle = cell_at(shape, 3, 3), next = cell_at(shape, 4, 4);
  std::vector<bool> silent = all_live(shape);
  silent[2 * static_cast<std::size_t>(middle) + 1] =
      silent[2 * static_cast<std::size_t>(next) + 1] = true;
  const auto before = arm_before(shape, middle, silent), behind = arm_behind(shape, middle, silent);
  EXPECT_EQ(before->heater, 2 * cell_at(shape, 2, 4) + 1);
  EXPECT_EQ(before->bars, std::vector<int>{cell_at(shape, 2, 4)});
  EXPECT_FALSE(before->top);
  EXPECT_EQ(behind->heater, 2 * cell_at(shape, 5, 3) + 1);
  EXPECT_EQ(behind->bars, std::vector<int>{cell_at(shape, 4, 2)});
  // A dead theta on the way is no bar.
  silent[2 * static_cast<std::size_t>(cell_at(shape, 4, 2))] = true;
  EXPECT_NE(arm_behind(shape, middle, silent)->heater, 2 * cell_at(shape, 5, 3) + 1);
}

TEST(Arms, PhiOfTheFirstCellOnItsPortsIsTurnedInTheLoopAroundIt) {
  const ChipShape shape = chip_shape({.modes = 8});
  const auto own = loop_of_phi(shape, cell_at(shape, 3, 3)),
             around = loop_of_phi(shape, cell_at(shape, 1, 3));
  EXPECT_EQ(own->first, cell_at(shape, 1, 3));
  EXPECT_EQ(own->last, cell_at(shape, 3, 3));
  EXPECT_EQ(around->first, cell_at(shape, 0, 2));
  EXPECT_EQ(around->last, cell_at(shape, 2, 2));
  EXPECT_FALSE(loop_of_phi(shape, cell_at(shape, 0, 2)).has_value());
}

struct Mesh {
  MeshKind kind;
  int modes;
};
class BlindStart : public testing::TestWithParam<Mesh> {};

// Without noise, splitter errors and crosstalk the laws are exact; gamma is searched to
// 0.5 / 80 / 2^12 = 1.5e-6 of its design, which is 1e-5 rad over a turn.
TEST_P(BlindStart, FindsEveryLawExactlyInAPerfectMesh) {
  const ChipCard card{.modes = GetParam().modes,
                      .topology = GetParam().kind,
                      .splitter_sigma_rad = 0,
                      .crosstalk_amplitude = 0};
  const ChipShape shape = chip_shape(card);
  const SweepPlan plan;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const std::vector<double> truth = hidden_parameters(shape, card, seed, 0);
    VirtualChip chip(shape, truth, {.noise = {.thermal = 0, .shot = 0, .relative = 0}}, {seed});
    const Instrument instrument = instrument_of(chip);
    Bench bench(shape, instrument, plan);
    find_laws(bench);
    for (int k = 0; k < shape.cells(); ++k) {
      const HeaterKnowledge& theta = bench.theta(k);
      const auto gamma = static_cast<std::size_t>(
                     shape.parameters.at(ParameterKind::efficiency, 2 * k)),
                 bias = static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, 2 * k));
      EXPECT_TRUE(theta.bar_found) << "seed " << seed << ", MZI " << k;
      EXPECT_NEAR(theta.gamma / truth[gamma], 1, 1e-5) << "seed " << seed << ", MZI " << k;
      EXPECT_LT(std::abs(std::remainder(theta.bias_rad - truth[bias], 2 * pi)), 1e-3)
          << "seed " << seed << ", MZI " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Meshes, BlindStart,
                         testing::Values(Mesh{MeshKind::clements, 2}, Mesh{MeshKind::clements, 3},
                                         Mesh{MeshKind::clements, 4}, Mesh{MeshKind::clements, 5},
                                         Mesh{MeshKind::clements, 8}, Mesh{MeshKind::reck, 3},
                                         Mesh{MeshKind::reck, 6}));

TEST(BlindStart, OutliersAndADriftingSourceDoNotMoveIt) {
  const ChipCard card{.modes = 6, .crosstalk_amplitude = 0};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 4, 0);
  VirtualChip chip(shape, truth, {.source_drift = 0.05, .outlier_fraction = 0.005}, {4});
  const Instrument instrument = instrument_of(chip);
  const SweepPlan plan;
  Bench bench(shape, instrument, plan);
  find_laws(bench);
  for (int k = 0; k < shape.cells(); ++k) {
    const auto gamma =
                   static_cast<std::size_t>(shape.parameters.at(ParameterKind::efficiency, 2 * k)),
               bias = static_cast<std::size_t>(shape.parameters.at(ParameterKind::bias, 2 * k));
    EXPECT_NEAR(bench.theta(k).gamma / truth[gamma], 1, 0.02) << "MZI " << k;  // 0.1 rad a turn
    EXPECT_LT(std::abs(std::remainder(bench.theta(k).bias_rad - truth[bias], 2 * pi)), 0.3)
        << "MZI " << k;
  }
}

}  // namespace
}  // namespace lightloom::calibration
