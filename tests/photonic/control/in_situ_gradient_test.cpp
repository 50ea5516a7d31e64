#include "photonic/control/in_situ_gradient.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random/random.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/decomposition/conventions.hpp"
#include "photonic/devices/angle.hpp"
#include "photonic/meshes/haar.hpp"
#include "photonic/meshes/mesh_gradient.hpp"

namespace lightloom::photonic {
namespace {

const Stream draws({.seed = 31, .purpose = Purpose::test});

std::vector<Complex> random_fields(int modes, std::uint64_t shot) {
  std::vector<Complex> fields;
  for (std::uint64_t m = 0; m < static_cast<std::uint64_t>(modes); ++m)
    fields.emplace_back(draws.normal(2 * m, shot), draws.normal(2 * m + 1, shot));
  return fields;
}

TEST(InSitu, ThreeMapsOfPowersGiveTheGradientOfTheAdjointSweep) {
  constexpr int n = 7;
  const Topology topology = clements_topology(n);
  for (const DeviceKind kind :
       {DeviceKind::mzi, DeviceKind::three_splitter, DeviceKind::crossing, DeviceKind::compact}) {
    const MeshSettings settings = haar_clements_settings(topology, draws, 1);
    Fabrication fabrication(topology.cells.size());
    for (std::size_t k = 0; k < fabrication.size(); ++k) {
      fabrication[k].alpha_rad = 0.1 * draws.normal(k, 2);
      fabrication[k].beta_rad = 0.1 * draws.normal(k, 3);
      fabrication[k].epsilon_rad = 0.1 * draws.normal(k, 4);
      fabrication[k].phi_bottom.phase_rad = draws.normal(k, 5);
      fabrication[k].theta_top.phase_rad = draws.normal(k, 6);
    }
    const std::vector<Complex> x = random_fields(n, 7), g = random_fields(n, 8);
    // dL = Re sum conj(g_i) dy_i = Re sum conj(g_i conj(x_j)) dU_ij
    SquareMatrix upstream(n);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j)
        upstream(i, j) = g[static_cast<std::size_t>(i)] * std::conj(x[static_cast<std::size_t>(j)]);
    const MeshSensitivity adjoint =
        mesh_sensitivity({topology, kind, settings, fabrication}, upstream);
    std::vector<Complex> back(n), sum(n);
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = 0; i < n; ++i)
        back[j] += std::conj(adjoint.matrix(static_cast<int>(i), static_cast<int>(j))) * g[i];
      sum[j] = x[j] - Complex(0, 1) * back[j];
    }
    const auto powers = [&](const std::vector<Complex>& in) {
      return shifter_powers({topology, kind, settings, fabrication}, in);
    };
    const MeshSettings gradient = gradient_from_powers(powers(sum), powers(x), powers(back));
    // Sums of n products of size about n, in powers of about n.
    constexpr double rounding = 1e-12;
    for (std::size_t k = 0; k < fabrication.size(); ++k) {
      const auto slope = [&](DeviceParameter which) {
        return along(
            adjoint.cells[k],
            device_derivative(kind, which, {settings.theta[k], settings.phi[k], fabrication[k]}));
      };
      EXPECT_NEAR(gradient.theta[k], slope(DeviceParameter::theta), rounding);
      EXPECT_NEAR(gradient.phi[k], slope(DeviceParameter::phi), rounding);
    }
    for (std::size_t m = 0; m < n; ++m)
      EXPECT_NEAR(gradient.screen[m], adjoint.screen[m], rounding);
  }
}

/// A mesh of 2x2s [[e^{i phi} cos t, -sin t], [e^{i phi} sin t, cos t]] applied one by one.
SquareMatrix beamsplitter_matrix(const Topology& topology, const MeshSettings& theirs) {
  SquareMatrix u = identity_matrix(topology.modes);
  for (std::size_t k = 0; k < topology.cells.size(); ++k) {
    const Cell& cell = topology.cells[k];
    const double c = std::cos(theirs.theta[k]), s = std::sin(theirs.theta[k]);
    const Complex turn = std::polar(1.0, theirs.phi[k]);
    for (int j = 0; j < u.size; ++j) {
      const Complex top = u(cell.top, j) * turn, bottom = u(cell.bottom, j);
      u(cell.top, j) = c * top - s * bottom;
      u(cell.bottom, j) = s * top + c * bottom;
    }
  }
  for (int i = 0; i < u.size; ++i)
    for (int j = 0; j < u.size; ++j)
      u(i, j) *= std::polar(1.0, theirs.screen[static_cast<std::size_t>(i)]);
  return u;
}

TEST(Conventions, OfStrawberryfieldsGiveTheSameMatrixAndComeBack) {
  for (const MeshKind kind : {MeshKind::clements, MeshKind::reck})
    for (const int n : {1, 2, 5, 8}) {
      const Topology topology = make_topology(kind, n);
      const SquareMatrix u = haar_unitary(n, draws, 100 + static_cast<std::uint64_t>(n));
      const MeshSettings ours = kind == MeshKind::reck ? decompose_reck(u) : decompose_clements(u);
      const MeshSettings theirs = to_beamsplitter_convention(topology, ours);
      EXPECT_LT(matrix_error(beamsplitter_matrix(topology, theirs), u), 1e-14) << n;
      for (const double t : theirs.theta) {
        EXPECT_GE(t, 0);
        EXPECT_LE(t, std::numbers::pi / 2);
      }
      const MeshSettings again = from_beamsplitter_convention(topology, theirs);
      EXPECT_LT(matrix_error(mesh_matrix(topology, DeviceKind::mzi, again), u), 1e-14) << n;
      for (std::size_t k = 0; k < ours.theta.size(); ++k) {
        EXPECT_NEAR(again.theta[k], ours.theta[k], 1e-14);
        EXPECT_NEAR(wrap_phase(again.phi[k] - ours.phi[k]), 0, 1e-13);
      }
    }
}

}  // namespace
}  // namespace lightloom::photonic
