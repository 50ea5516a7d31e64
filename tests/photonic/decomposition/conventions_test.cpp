// Phases as other programs write them, multiplied out by the 2x2s that those programs document.
#include "photonic/decomposition/conventions.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random/random.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/decomposition/compact.hpp"
#include "photonic/decomposition/complex_svd.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

const Stream convention_numbers({.seed = 45, .purpose = Purpose::test});
constexpr Complex i_unit(0, 1);

/// `matrix` times a 2x2 on the columns of a cell.
void times(SquareMatrix& matrix, const Cell& cell, const Transfer& t) {
  for (int r = 0; r < matrix.size; ++r) {
    const Complex a = matrix(r, cell.top), b = matrix(r, cell.bottom);
    matrix(r, cell.top) = a * t.tt + b * t.bt;
    matrix(r, cell.bottom) = a * t.tb + b * t.bb;
  }
}

TEST(Conventions, RowsTimesNeurophoxsMatricesGiveTheTranspose) {
  for (const int n : {2, 3, 6, 7}) {
    const SquareMatrix u = haar_unitary(n, convention_numbers, static_cast<std::uint64_t>(n));
    const Topology topology = clements_topology(n);
    const MeshSettings ours = decompose_clements(u);
    const MeshSettings theirs = to_phases_behind(topology, ours);
    // gamma, then i e^{i theta/2} [[e^{i phi} s, c], [e^{i phi} c, -s]] from the right, column by
    // column.
    SquareMatrix product(n);
    for (int m = 0; m < n; ++m)
      product(m, m) = std::polar(1.0, theirs.screen[static_cast<std::size_t>(m)]);
    for (std::size_t k = 0; k < topology.cells.size(); ++k) {
      const double s = std::sin(theirs.theta[k] / 2), c = std::cos(theirs.theta[k] / 2);
      const Complex common = i_unit * std::polar(1.0, theirs.theta[k] / 2),
                    phase = std::polar(1.0, theirs.phi[k]);
      times(product, topology.cells[k],
            {common * phase * s, common * c, common * phase * c, -common * s});
    }
    SquareMatrix turned = adjoint(u);
    for (Complex& v : turned.values) v = std::conj(v);
    EXPECT_LT(matrix_error(product, turned), 1e-14 * n) << n;
    EXPECT_LT(matrix_error(
                  mesh_matrix(topology, DeviceKind::mzi, from_phases_behind(topology, theirs)), u),
              1e-14 * n);
  }
}

TEST(Conventions, CompactDevicesAreHalfDifferenceAndMean) {
  for (const int n : {4, 5}) {
    const SquareMatrix u = haar_unitary(n, convention_numbers, static_cast<std::uint64_t>(n));
    const Topology topology = clements_topology(n);
    const MeshSettings ours = compact_settings(topology, decompose_clements(u)).settings;
    const MeshSettings theirs = to_compact_convention(ours);
    // e^{i sigma} [[sin delta, cos delta], [cos delta, -sin delta]] behind the shifter in front.
    SquareMatrix product = identity_matrix(n);
    for (std::size_t k = topology.cells.size(); k-- > 0;) {
      const double s = std::sin(theirs.theta[k]), c = std::cos(theirs.theta[k]);
      const Complex common = std::polar(1.0, theirs.phi[k]),
                    front = std::polar(1.0, theirs.outer[k]);
      times(product, topology.cells[k],
            {common * s * front, common * c, common * c * front, -common * s});
    }
    for (int r = 0; r < n; ++r)
      for (int c = 0; c < n; ++c)
        product(r, c) *= std::polar(1.0, theirs.screen[static_cast<std::size_t>(r)]);
    EXPECT_LT(matrix_error(product, u), 1e-14 * n) << n;
    EXPECT_LT(matrix_error(
                  mesh_matrix(topology, DeviceKind::compact, from_compact_convention(theirs)), u),
              1e-14 * n);
  }
}

}  // namespace
}  // namespace lightloom::photonic
