// Matrices programmed on chips of every mesh, and those that no mesh makes.
#include "calibration/programming/voltages.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::calibration {
namespace {

using photonic::MeshKind;

/// A chip without splitter errors or loss, its heaters as they are: every unitary is within reach.
ChipCard reachable(MeshKind kind) {
  return {.modes = 4,
          .topology = kind,
          .splitter_sigma_rad = 0,
          .device_loss_db = 0,
          .crosstalk_amplitude = 0.02};
}

ComplexMatrix as_given(const photonic::SquareMatrix& matrix) {
  return {matrix.size, matrix.size, matrix.values};
}

double programmed_error(const ChipCard& card, const ComplexMatrix& target) {
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 8, 0);
  const ProgrammedMatrix made = program(shape, truth, target, {.max_voltage_V = 8});
  EXPECT_EQ(made.set.out_of_range, 0);
  return error_up_to_port_phases(realised_matrix(shape, truth, made.set.voltages), made.target);
}

TEST(Programming, ChipsOfEveryMeshMakeTheirMatrices) {
  const Stream stream({.seed = 46, .purpose = Purpose::test});
  const ComplexMatrix any = as_given(photonic::haar_unitary(4, stream, 1));
  // Voltages settle to 1e-13 of the greatest square.
  EXPECT_LT(programmed_error(reachable(MeshKind::clements), any), 1e-10);
  EXPECT_LT(programmed_error(reachable(MeshKind::reck), any), 1e-10);
  // The Fourier matrix of 4 modes is a product of butterflies with its inputs in bit-reversed
  // order.
  ComplexMatrix fourier{4, 4, {}};
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c)
      fourier.values.push_back(std::polar(0.5, -std::acos(-1.0) / 2 * ((r * c) % 4)));
  EXPECT_LT(programmed_error(reachable(MeshKind::butterfly), fourier), 1e-10);
  EXPECT_THROW(programmed_error(reachable(MeshKind::butterfly), any), Error);
}

TEST(Programming, RefusesWhatNoMeshMakes) {
  const ChipCard card = reachable(MeshKind::clements);
  const ChipShape shape = chip_shape(card);
  const std::vector<double> design = design_parameters(shape, card);
  const ComplexMatrix unitary =
      as_given(photonic::haar_unitary(4, Stream({.seed = 46, .purpose = Purpose::test}), 2));
  for (const double factor : {0.0, 2.0, 1e-3, std::nan("")}) {
    ComplexMatrix scaled = unitary;
    for (auto& value : scaled.values) value *= factor;
    EXPECT_THROW(program(shape, design, scaled), Error) << factor;
  }
  EXPECT_THROW(program(shape, design, {2, 2, {1, 0, 0, 1}}), Error);
  ComplexMatrix twice = unitary, rounded = unitary;
  for (auto& value : twice.values) value *= 2;
  for (auto& value : rounded.values) value *= 1 + 1e-7;
  const std::vector<double> volts = program(shape, design, unitary).set.voltages;
  EXPECT_TRUE(program(shape, design, rounded).rounded);
  const ProgrammedMatrix nearest = program(shape, design, twice, {.nearest = true});
  for (std::size_t h = 0; h < volts.size(); ++h)
    EXPECT_NEAR(nearest.set.voltages[h], volts[h], 1e-6) << h;
}

TEST(Programming, ComparesOverMatricesThatTheMeshCanMake) {
  for (const MeshKind kind : {MeshKind::clements, MeshKind::reck, MeshKind::butterfly}) {
    const ChipCard card = reachable(kind);
    const ChipShape shape = chip_shape(card);
    const std::vector<double> truth = hidden_parameters(shape, card, 8, 0);
    const ProgrammingComparison found = compare_programming(
        shape, {design_parameters(shape, card), truth, truth}, {.max_voltage_V = 8, .targets = 3});
    EXPECT_LT(found.fitted, 1e-10);
    EXPECT_GT(found.uncalibrated, 0.1);
  }
}

}  // namespace
}  // namespace lightloom::calibration
