#include "photonic/decomposition/compact.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

const Stream compact_numbers({.seed = 43, .purpose = Purpose::test});

double compact_error(const Topology& topology, const MeshSettings& ideal,
                     const Fabrication& fabrication = {}) {
  const CorrectedSettings found = compact_settings(topology, ideal, fabrication);
  return matrix_error(mesh_matrix(topology, DeviceKind::compact, found.settings, fabrication),
                      mesh_matrix(topology, DeviceKind::mzi, ideal));
}

TEST(Compact, RebuildsUnitariesOfAnySizeToRoundOff) {
  for (const MeshKind mesh : {MeshKind::clements, MeshKind::reck}) {
    for (const int n : {1, 2, 3, 4, 5, 8, 16, 33, 64}) {
      const SquareMatrix u = haar_unitary(n, compact_numbers, static_cast<std::uint64_t>(n));
      const MatrixDecomposition found =
          decompose_matrix({n, n, u.values}, {.mesh = mesh, .device = DeviceKind::compact});
      // As for plain MZIs, and the phases carried along a path of N devices add N roundings.
      EXPECT_LT(found.error, 6e-15 * std::sqrt(n)) << n;
    }
  }
}

TEST(Compact, TakesZerosInTheMatrix) {
  for (const int n : {4, 9}) {
    SquareMatrix reversed(n);
    for (int r = 0; r < n; ++r) reversed(r, n - 1 - r) = 1;
    for (const SquareMatrix& u : {identity_matrix(n), reversed})
      EXPECT_LT(decompose_matrix({n, n, u.values}, {.device = DeviceKind::compact}).error, 1e-14);
  }
}

TEST(Compact, RectangleNeedsShiftersOnlyInFrontAndAtTheUpperEdge) {
  for (const int n : {2, 3, 4, 5, 8, 9}) {
    const Topology topology = clements_topology(n);
    const std::vector<int> outer = outer_shifters(topology);
    for (const int k : outer) {
      const Cell& cell = topology.cells[static_cast<std::size_t>(k)];
      EXPECT_TRUE(cell.column == 0 || (n % 2 == 0 && (cell.top == 0 || cell.bottom == n - 1)));
    }
    // N^2 parameters of a unitary: two a device, N behind, those in front and at an edge; a sum of
    // phases in the last column, and that of the others' gauge, are doubles of the screen.
    const int firsts = n / 2, edges = n % 2 == 0 ? (n - 2) / 2 : 0;
    EXPECT_EQ(static_cast<int>(outer.size()), firsts + edges) << n;
  }
}

TEST(Compact, KnownSplitterErrorsAreCorrectedExactlyWhereReachable) {
  const Topology topology = clements_topology(12);
  int exact = 0;
  for (std::uint64_t chip = 0; chip < 8; ++chip) {
    const MeshSettings ideal = haar_clements_settings(topology, compact_numbers, 100 + chip);
    Fabrication fabrication(topology.cells.size());
    for (std::size_t k = 0; k < fabrication.size(); ++k) {
      fabrication[k].alpha_rad = 0.01 * compact_numbers.normal(k, 200 + chip);
      fabrication[k].beta_rad = 0.01 * compact_numbers.normal(k, 300 + chip);
    }
    const MeshSettings blind = compact_settings(topology, ideal).settings;
    EXPECT_GT(matrix_error(mesh_matrix(topology, DeviceKind::compact, blind, fabrication),
                           mesh_matrix(topology, DeviceKind::mzi, ideal)),
              0.02);
    if (compact_settings(topology, ideal, fabrication).unreachable > 0) continue;
    ++exact;
    EXPECT_LT(compact_error(topology, ideal, fabrication), 1e-13);
  }
  EXPECT_GT(exact, 3);
}

TEST(Compact, ShiftersThatAreNotThereGetNoErrors) {
  // Every shifter sits on a guide that carries one row of a unitary, so an error of sigma moves the
  // matrix by sigma: E^2 = sigma^2 (shifters) / N.
  CoreCard card = default_card("mzi-mesh");
  card.correction = Correction::none;
  mesh_part(card).mesh.modes = 16;
  mesh_part(card).mesh.device = DeviceKind::compact;
  mesh_part(card).fabrication.splitter_sigma_rad = 0;
  card.phase_sigma_rad = 0.005;
  const ChipStatistics chips = chip_statistics(card, {.chips = 200, .seed = 4});
  std::vector<double> squares;
  for (const double e : chips.error) squares.push_back(e * e);
  const Summary found = summarise(squares);
  const double shifters = 16 * 15 + 16 + 8 + 7;
  const double law = 2.5e-5 * shifters / 16;
  EXPECT_NEAR(found.mean, law, 4 * found.standard_error + 1e-3 * law);
}

}  // namespace
}  // namespace lightloom::photonic
