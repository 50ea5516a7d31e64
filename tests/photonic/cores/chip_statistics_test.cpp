#include "photonic/cores/chip_statistics.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"
#include "photonic/meshes/haar.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::photonic {
namespace {

CoreCard mesh_card(int modes) {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.modes = modes;
  card.correction = Correction::none;
  return card;
}

/// Root mean square and its standard error: the laws are for E^2, which adds up device by device.
void expect_rms(const std::vector<double>& error, double law, double relative_bias,
                const char* what, int modes) {
  std::vector<double> squares;
  for (const double e : error) squares.push_back(e * e);
  const Summary s = summarise(squares);
  EXPECT_NEAR(s.mean, law * law, 4 * s.standard_error + 2 * relative_bias * law * law)
      << what << " N = " << modes;
}

TEST(ChipStatistics, SplitterErrorsFollowTheirLaw) {
  // First order E0 = sqrt(2 (N-1)) sigma; the next order of the series is E0^2/4 relative to it.
  for (const int n : {8, 16, 33}) {
    CoreCard card = mesh_card(n);
    mesh_part(card).fabrication.splitter_sigma_rad = 0.005;
    const double law = std::sqrt(2.0 * (n - 1)) * 0.005;
    expect_rms(chip_statistics(card, {.chips = 200}).error, law, law * law / 4, "splitters", n);
  }
}

TEST(ChipStatistics, PhaseErrorsFollowTheirLaw) {
  for (const int n : {8, 16, 33}) {
    CoreCard card = mesh_card(n);
    card.phase_sigma_rad = 0.01;
    const double law = std::sqrt(n) * 0.01;
    expect_rms(chip_statistics(card, {.chips = 200}).error, law, law * law / 4, "phases", n);
  }
}

TEST(ChipStatistics, QuantisedPhasesFollowTheirLaw) {
  for (const int n : {8, 33}) {
    CoreCard card = mesh_card(n);
    card.phase_bits = 8;
    const double law = std::sqrt(n) * 2 * M_PI / 256 / std::sqrt(12.0);
    // Rounding errors of theta are not quite uniform near theta = 0: 0.92 to 1.04 of
    // the law.
    expect_rms(chip_statistics(card, {.chips = 200}).error, law, 0.04, "bits", n);
  }
}

TEST(ChipStatistics, LocalCorrectionIsExactWhereEveryDeviceCanTakeItsSetting) {
  CoreCard card = mesh_card(8);
  card.correction = Correction::local;
  mesh_part(card).fabrication.splitter_sigma_rad = 0.02;
  const ChipStatistics s = chip_statistics(card, {.chips = 200});
  int exact = 0;
  for (std::size_t i = 0; i < s.error.size(); ++i) {
    if (s.unreachable[i] == 0) {
      ++exact;
      EXPECT_LT(s.error[i], 1e-13) << i;
    } else {
      EXPECT_GT(s.error[i], 1e-6) << i;
    }
  }
  EXPECT_GT(exact, 20);
  EXPECT_LT(exact, 200);
}

TEST(ChipStatistics, WhatLocalCorrectionLeavesFollowsItsLaw) {
  // A device of Haar exponent k has sin^2(theta/2) of density k near 0, is clipped below (alpha +
  // beta)^2 and then misses by 2 (|alpha + beta| - s)^2: 4 k sigma^4 on average, and the exponents
  // sum to N (N^2 - 1) / 6. Hence E^2 = (2/3) (N^2 - 1) sigma^4; devices clipped: (2/3) (N + 1)
  // sigma^2.
  constexpr int n = 48;
  constexpr double sigma = 0.02;
  CoreCard card = mesh_card(n);
  card.correction = Correction::local;
  mesh_part(card).fabrication.splitter_sigma_rad = sigma;
  const ChipStatistics s = chip_statistics(card, {.chips = 60});
  expect_rms(s.error, std::sqrt(2.0 / 3 * (n * n - 1)) * sigma * sigma, 0.03, "corrected", n);
  const Summary unreachable = summarise(s.unreachable);
  const double law = 2.0 / 3 * (n + 1) * sigma * sigma;
  EXPECT_NEAR(unreachable.mean, law, 4 * unreachable.standard_error + 0.03 * law);
}

TEST(ChipStatistics, ThreeSplitterAndCrossingMeshesRealiseTheirTargets) {
  for (const DeviceKind device : {DeviceKind::three_splitter, DeviceKind::crossing}) {
    CoreCard card = mesh_card(12);
    mesh_part(card).mesh.device = device;
    for (const double error : chip_statistics(card, {.chips = 5}).error) EXPECT_LT(error, 1e-13);
    card.correction = Correction::local;
    mesh_part(card).fabrication.splitter_sigma_rad = 0.02;
    const ChipStatistics s = chip_statistics(card, {.chips = 50});
    for (std::size_t i = 0; i < s.error.size(); ++i) {
      const double limit = s.unreachable[i] == 0 ? 1e-13 : 1.0;
      EXPECT_LT(s.error[i], limit) << i;
    }
  }
}

TEST(ChipStatistics, ThreeSplittersReachAlmostEveryHaarSetting) {
  CoreCard card = mesh_card(24);
  card.correction = Correction::local;
  mesh_part(card).fabrication.splitter_sigma_rad = 0.03;
  const double plain = summarise(chip_statistics(card, {.chips = 40}).unreachable).mean;
  mesh_part(card).mesh.device = DeviceKind::three_splitter;
  const double three = summarise(chip_statistics(card, {.chips = 40}).unreachable).mean;
  EXPECT_GT(plain, 0.005);
  EXPECT_LT(three, plain / 5);
}

TEST(ChipStatistics, CrossingMeshesForgiveErrorsCommonToAllSplitters) {
  // With alpha = beta the bar state is perfect, and with a crossing Haar settings crowd there.
  CoreCard card = mesh_card(24);
  card.correction = Correction::local;
  mesh_part(card).fabrication.splitter_mean_rad = 0.03;
  const double plain = summarise(chip_statistics(card, {.chips = 20}).error).mean;
  mesh_part(card).mesh.device = DeviceKind::crossing;
  const double crossing = summarise(chip_statistics(card, {.chips = 20}).error).mean;
  EXPECT_LT(crossing, plain / 5);
}

TEST(ChipStatistics, DoNotDependOnTheNumberOfThreads) {
  CoreCard card = mesh_card(9);
  mesh_part(card).fabrication.splitter_sigma_rad = 0.02;
  card.phase_sigma_rad = 0.01;
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const ChipStatistics one = chip_statistics(card, {.chips = 10, .seed = 4});
  omp_set_num_threads(4);
  const ChipStatistics four = chip_statistics(card, {.chips = 10, .seed = 4});
  omp_set_num_threads(before);
  EXPECT_EQ(one.error, four.error);
  EXPECT_EQ(one.power_mW, four.power_mW);
  // Chip 3 is chip 3 wherever the run starts.
  EXPECT_EQ(chip_statistics(card, {.chips = 1, .seed = 4, .first_chip = 3}).error[0], one.error[3]);
}

TEST(ChipStatistics, LossIsReportedAndUnbalancedEdgesCostAccuracy) {
  CoreCard card = mesh_card(8);
  mesh_part(card).mesh.device_loss_db = 0.5;
  const ChipStatistics balanced = chip_statistics(card, {.chips = 3});
  EXPECT_NEAR(balanced.insertion_loss_db[0], 8 * 0.5, 1e-9);
  EXPECT_LT(balanced.error[0], 1e-13);
  mesh_part(card).mesh.balanced_edges = false;
  const ChipStatistics unbalanced = chip_statistics(card, {.chips = 3});
  EXPECT_GT(unbalanced.error[0], 0.01);
  EXPECT_LT(unbalanced.error[0], 0.3);
  EXPECT_NEAR(unbalanced.insertion_loss_db[0], 7 * 0.5, 0.3);
}

ComplexMatrix random_matrix(int rows, int columns) {
  const Stream stream({.seed = 2, .purpose = Purpose::test});
  ComplexMatrix m{rows, columns, {}};
  for (std::uint64_t k = 0; k < as_index(rows * columns); ++k)
    m.values.emplace_back(stream.normal(2 * k), stream.normal(2 * k + 1));
  return m;
}

TEST(MatrixDecomposition, SvdTakesAnyShapeAndZeros) {
  using Target = DecompositionOptions::Target;
  for (const auto& [rows, columns] : {std::pair{5, 9}, {9, 5}, {1, 1}, {1, 4}, {6, 6}}) {
    const MatrixDecomposition d =
        decompose_matrix(random_matrix(rows, columns), {.target = Target::svd});
    EXPECT_LT(d.error, 1e-13) << rows << "x" << columns;
    EXPECT_EQ(d.devices,
              rows * (rows - 1) / 2 + columns * (columns - 1) / 2 + std::min(rows, columns));
    EXPECT_EQ(d.modes, std::max(rows, columns));
  }
  ComplexMatrix zero{3, 3, std::vector<Complex>(9)};
  EXPECT_EQ(decompose_matrix(zero, {.target = Target::svd}).error, 0);
}

TEST(MatrixDecomposition, RefusesWhatIsNotUnitaryAndNamesItsDistance) {
  const SquareMatrix u = haar_unitary(6, Stream({.seed = 3}));
  ComplexMatrix m{6, 6, u.values};
  EXPECT_LT(decompose_matrix(m).error, 1e-14);
  for (Complex& v : m.values) v *= 1.01;
  try {
    decompose_matrix(m);
    FAIL() << "took a matrix that is not unitary";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("0.0201"), std::string::npos) << error.what();
  }
  using Target = DecompositionOptions::Target;
  const MatrixDecomposition nearest = decompose_matrix(m, {.target = Target::nearest});
  EXPECT_NEAR(nearest.error, 0.01, 1e-12);
  EXPECT_NEAR(nearest.distance_from_unitary, 0.0201, 1e-12);
  EXPECT_THROW(decompose_matrix(random_matrix(2, 3)), Error);
  m.values[4] = std::nan("");
  EXPECT_THROW(decompose_matrix(m, {.target = Target::svd}), Error);
}

TEST(MatrixDecomposition, OtherDevicesRebuildTheMatrixToo) {
  const ComplexMatrix m{7, 7, haar_unitary(7, Stream({.seed = 3})).values};
  for (const MeshKind mesh : {MeshKind::clements, MeshKind::reck})
    for (const DeviceKind device : {DeviceKind::three_splitter, DeviceKind::crossing})
      EXPECT_LT(decompose_matrix(m, {.mesh = mesh, .device = device}).error, 1e-13);
}

}  // namespace
}  // namespace lightloom::photonic
