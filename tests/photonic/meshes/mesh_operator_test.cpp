#include "photonic/meshes/mesh_operator.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/random/random.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::photonic {
namespace {

TEST(MeshOperator, BothRoutesApplyTheMatrixOfTheMesh) {
  const Stream random({.seed = 12});
  for (const int n : {1, 2, 7, 16, 33}) {
    const Topology topology = clements_topology(n);
    const MeshSettings settings = haar_clements_settings(topology, random);
    std::vector<Transfer> cells(topology.cells.size());
    cell_transfers({topology, DeviceKind::mzi, settings}, cells);
    std::vector<Complex> screen;
    for (const double angle : settings.screen) screen.push_back(std::polar(1.0, angle));
    const SquareMatrix matrix = mesh_matrix(topology, DeviceKind::mzi, settings);
    for (const int batch : {1, 3, 16, 21})
      for (const Route route : {Route::sweep, Route::dense}) {
        const int stride = batch + 2;
        std::vector<double> re(static_cast<std::size_t>(n * stride)), im(re.size());
        for (std::size_t i = 0; i < re.size(); ++i) {
          re[i] = random.normal(i, 1);
          im[i] = random.normal(i, 2);
        }
        const std::vector<double> x = re, y = im;
        const MeshOperator<double> mesh(topology, cells, screen, OperatorRoute{route, batch});
        mesh.apply({re.data(), im.data(), n, batch, stride});
        for (int out = 0; out < n; ++out)
          for (int b = 0; b < stride; ++b) {
            const auto at = as_index(out * stride + b);
            Complex expected = 0;
            for (int in = 0; in < n; ++in) {
              const auto from = as_index(in * stride + b);
              expected += matrix(out, in) * Complex(x[from], y[from]);
            }
            if (b >= batch) expected = {x[at], y[at]};  // what lies between rows is not touched
            EXPECT_NEAR(std::abs(Complex(re[at], im[at]) - expected), 0, 1e-13) << n << batch;
          }
      }
  }
}

TEST(MeshOperator, OutlivesTheTopologyItWasMadeOf) {
  for (const MeshKind kind : {MeshKind::clements, MeshKind::butterfly}) {
    const Stream random({.seed = 13});
    std::vector<double> re{1, 0, 0, 0}, im(4);
    SquareMatrix matrix;
    const MeshOperator<double> mesh = [&] {
      const Topology topology = make_topology(kind, 4);
      MeshSettings settings = zero_settings(topology);
      for (std::size_t k = 0; k < settings.theta.size(); ++k) settings.theta[k] = random.uniform(k);
      std::vector<Transfer> cells(topology.cells.size());
      cell_transfers({topology, DeviceKind::mzi, settings}, cells);
      matrix = mesh_matrix(topology, DeviceKind::mzi, settings);
      return MeshOperator<double>(topology, cells, {}, OperatorRoute{Route::sweep, 1});
    }();
    mesh.apply({re.data(), im.data(), 4, 1, 1});
    for (int out = 0; out < 4; ++out)
      EXPECT_NEAR(
          std::abs(Complex(re[static_cast<std::size_t>(out)], im[static_cast<std::size_t>(out)]) -
                   matrix(out, 0)),
          0, 1e-14);
  }
}

TEST(MeshOperator, EmptyLanesAreCarriedToo) {
  EXPECT_EQ(carried_vectors(1, 1), 16);
  EXPECT_EQ(carried_vectors(16, 3), 48);
  EXPECT_EQ(carried_vectors(17, 3), 96);
  EXPECT_EQ(carried_vectors(1 << 30, std::int64_t{1} << 60), 1 << 24);
}

TEST(MeshOperator, ManyVectorsAreSweptAndFewOfManyCallsMultiplied) {
  for (const int modes : {16, 64, 256}) {
    EXPECT_EQ(choose_route(modes, 64, 1'000'000), Route::sweep);
    EXPECT_EQ(choose_route(modes, 1, 1), Route::sweep);
    EXPECT_EQ(choose_route(modes, 1, 1'000'000), Route::dense);
  }
}

}  // namespace
}  // namespace lightloom::photonic
