#include "photonic/meshes/mesh.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"
#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;
const Stream random_numbers({.seed = 7, .purpose = Purpose::test});

using Two = Eigen::Matrix2cd;

Two stage(double eta) {
  Two s;
  s << std::cos(eta), Complex(0, std::sin(eta)), Complex(0, std::sin(eta)), std::cos(eta);
  return s;
}
Two phases(Complex top, Complex bottom) {
  Two s = Two::Zero();
  s(0, 0) = top;
  s(1, 1) = bottom;
  return s;
}
Two as_eigen(const Transfer& t) {
  Two m;
  m << t.tt, t.tb, t.bt, t.bb;
  return m;
}
Complex factor(double phase, double log_gain) { return std::exp(Complex(log_gain / 2, phase)); }

TEST(Mzi, ClosedFormIsTheProductOfItsStages) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto draw = [&](std::uint64_t k) { return 6 * random_numbers.uniform(i, k) - 3; };
    const MziErrors e{.alpha_rad = 0.1 * draw(2), .beta_rad = 0.1 * draw(3)};
    const double theta = draw(0), phi = draw(1);
    const Two product = stage(pi / 4 + e.beta_rad) * phases(factor(theta, 0), 1) *
                        stage(pi / 4 + e.alpha_rad) * phases(factor(phi, 0), 1);
    EXPECT_LT((as_eigen(mzi(theta, phi, e)) - product).norm(), 4e-15);
  }
}

TEST(Mzi, ArmsWithLossAndBiasEnterTheirOwnStage) {
  MziErrors e{.alpha_rad = 0.03, .beta_rad = -0.05, .epsilon_rad = 0.02};
  e.phi_top = {0.1, -0.02};
  e.phi_bottom = {-0.2, -0.03};
  e.theta_top = {0.3, -0.05};
  e.theta_bottom = {0.05, -0.07};
  const Two product =
      stage(pi / 4 + e.beta_rad) * phases(factor(1.1 + 0.3, -0.05), factor(0.05, -0.07)) *
      stage(pi / 4 + e.alpha_rad) * phases(factor(0.7 + 0.1, -0.02), factor(-0.2, -0.03));
  EXPECT_LT((as_eigen(mzi(1.1, 0.7, e)) - product).norm(), 4e-15);
  EXPECT_LT(
      (as_eigen(device(DeviceKind::three_splitter, 1.1, 0.7, e)) - product * stage(pi / 4 + 0.02))
          .norm(),
      4e-15);
}

TEST(Mzi, CrossAndBarLeakAsTheSumAndDifferenceOfSplitterErrors) {
  const MziErrors e{.alpha_rad = 0.04, .beta_rad = 0.01};
  EXPECT_NEAR(std::norm(mzi(0, 0.3, e).tt), std::pow(std::sin(0.05), 2), 1e-15);
  EXPECT_NEAR(std::norm(mzi(pi, 0.3, e).tb), std::pow(std::sin(0.03), 2), 1e-15);
}

TEST(Mzi, CompactDeviceMatchesItsClosedForm) {
  const double theta = 1.3, phi = 0.4, alpha = 0.05, beta = 0.02;
  const double s = std::sin((theta - phi) / 2), c = std::cos((theta - phi) / 2);
  const double cp = std::cos(alpha + beta), sp = std::sin(alpha + beta),
               cm = std::cos(alpha - beta), sm = std::sin(alpha - beta);
  Two closed;
  closed << Complex(-c * sp, s * cm), Complex(-s * sm, c * cp), Complex(s * sm, c * cp),
      Complex(-c * sp, -s * cm);
  closed *= std::exp(Complex(0, (theta + phi) / 2));
  const MziErrors e{.alpha_rad = alpha, .beta_rad = beta};
  EXPECT_LT((as_eigen(device(DeviceKind::compact, theta, phi, e)) - closed).norm(), 4e-15);
}

TEST(Topology, DepthsAndCountsAreThoseOfThePapers) {
  for (const int n : {1, 2, 3, 4, 7, 8, 33}) {
    const std::size_t pairs = static_cast<std::size_t>(n) * static_cast<std::size_t>(n - 1) / 2;
    EXPECT_EQ(clements_topology(n).cells.size(), pairs);
    EXPECT_EQ(reck_topology(n).cells.size(), pairs);
    if (n > 2) {
      EXPECT_EQ(clements_topology(n).columns, n);
      EXPECT_EQ(reck_topology(n).columns, 2 * n - 3);
    }
  }
  EXPECT_EQ(butterfly_topology(16).cells.size(), 32U);
  EXPECT_EQ(butterfly_topology(16).columns, 4);
  EXPECT_THROW(butterfly_topology(12), Error);
}

double reconstruction(MeshKind kind, const SquareMatrix& u) {
  const MeshSettings settings = kind == MeshKind::reck ? decompose_reck(u) : decompose_clements(u);
  return matrix_error(mesh_matrix(make_topology(kind, u.size), DeviceKind::mzi, settings), u);
}

TEST(Decomposition, RebuildsHaarUnitariesOfAnySize) {
  // Each of N/2 devices on a path rounds a few times: error of a few epsilon sqrt(N); the bar of
  // docs/evidence/photonics.md is 1e-13.
  for (const int n : {1, 2, 3, 5, 8, 16, 33, 64, 256})
    for (const MeshKind kind : {MeshKind::clements, MeshKind::reck})
      EXPECT_LT(reconstruction(kind, haar_unitary(n, random_numbers, 10)), 2e-15 * std::sqrt(n))
          << n;
}

TEST(Decomposition, TakesZerosInTheMatrix) {
  for (const int n : {4, 8, 9}) {
    SquareMatrix reversed(n), fourier(n), block = identity_matrix(n);
    for (int r = 0; r < n; ++r) {
      reversed(r, n - 1 - r) = 1;
      for (int c = 0; c < n; ++c) fourier(r, c) = std::polar(1 / std::sqrt(n), 2 * pi * r * c / n);
    }
    const SquareMatrix corner = haar_unitary(2, random_numbers, 11);
    for (int r = 0; r < 2; ++r)
      for (int c = 0; c < 2; ++c) block(1 + r, 1 + c) = corner(r, c);
    for (const SquareMatrix& u : {identity_matrix(n), reversed, fourier, block})
      for (const MeshKind kind : {MeshKind::clements, MeshKind::reck})
        EXPECT_LT(reconstruction(kind, u), 1e-14) << n;
  }
}

TEST(Mesh, DeterminantIsThatOfItsPhasesWhateverTheSplitters) {
  const Topology topology = clements_topology(7);
  const MeshSettings settings = haar_clements_settings(topology, random_numbers, 3);
  Fabrication fabrication(topology.cells.size());
  for (std::size_t k = 0; k < fabrication.size(); ++k) {
    fabrication[k].alpha_rad = 0.1 * random_numbers.normal(k, 4);
    fabrication[k].beta_rad = 0.1 * random_numbers.normal(k, 5);
  }
  const SquareMatrix u = mesh_matrix(topology, DeviceKind::mzi, settings, fabrication);
  double total = 0;
  for (const auto* list : {&settings.theta, &settings.phi, &settings.screen})
    for (const double phase : *list) total += phase;
  Eigen::MatrixXcd matrix(7, 7);
  for (int r = 0; r < 7; ++r)
    for (int c = 0; c < 7; ++c) matrix(r, c) = u(r, c);
  EXPECT_NEAR(std::abs(matrix.determinant() - std::polar(1.0, total)), 0, 1e-13);
  EXPECT_LT(distance_from_unitary(u), 1e-14);
}

TEST(DistanceFromUnitary, IsTheLargestElementWhereverItLies) {
  for (const int n : {1, 2, 7, 8, 9, 33})
    for (int off = 0; off < n; ++off) {
      SquareMatrix u = haar_unitary(n, random_numbers, 3);
      const auto shot = static_cast<std::uint64_t>(off);
      for (int k = 0; k < n; ++k) u(off, k) += 0.1 * random_numbers.normal(shot, 8);
      u((off + n / 2) % n, off) += Complex(0.02, -0.03);
      Eigen::MatrixXcd matrix(n, n);
      for (int r = 0; r < n; ++r)
        for (int c = 0; c < n; ++c) matrix(r, c) = u(r, c);
      const Eigen::MatrixXcd rest = matrix * matrix.adjoint() - Eigen::MatrixXcd::Identity(n, n);
      EXPECT_NEAR(distance_from_unitary(u), rest.cwiseAbs().maxCoeff(), 1e-14 * n)
          << n << ' ' << off;
    }
}

TEST(DistanceFromUnitary, IsInfiniteWhereItsSumsLeaveTheRangeOfDoubles) {
  SquareMatrix u(3);
  u(0, 0) = u(1, 1) = u(2, 2) = 1;
  EXPECT_EQ(distance_from_unitary(u), 0);
  u(0, 1) = {1e160, 1e160};  // inf - inf in the imaginary part of the first diagonal element
  EXPECT_TRUE(std::isinf(distance_from_unitary(u)));
  u(0, 1) = {1e150, 0};  // 1e300 in the first diagonal element, whose square is none
  EXPECT_NEAR(distance_from_unitary(u) / 1e300, 1, 1e-15);
}

TEST(Mesh, UniformLossOnlyScalesWhereEveryPathMeetsEveryColumn) {
  const Topology topology = butterfly_topology(8);
  MeshSettings settings = zero_settings(topology);
  for (std::size_t k = 0; k < settings.theta.size(); ++k)
    settings.theta[k] = 3 * random_numbers.uniform(k, 6);
  Fabrication lossy(topology.cells.size());
  const double log_gain = -0.2 * std::numbers::ln10 / 10;  // 0.2 dB
  for (MziErrors& cell : lossy) cell.theta_top.log_gain = cell.theta_bottom.log_gain = log_gain;
  SquareMatrix scaled = mesh_matrix(topology, DeviceKind::mzi, settings);
  for (Complex& value : scaled.values) value *= std::pow(10.0, -0.2 * 3 / 20);
  EXPECT_LT(matrix_error(mesh_matrix(topology, DeviceKind::mzi, settings, lossy), scaled), 1e-15);
}

/// The mesh as the plain product of its cells, one column of cells after the other.
std::vector<Complex> column_by_column(const Topology& topology, const std::vector<Transfer>& cells,
                                      const std::vector<Complex>& screen,
                                      std::vector<Complex> field) {
  for (std::size_t k = 0; k < cells.size(); ++k) {
    Complex& top = field[static_cast<std::size_t>(topology.cells[k].top)];
    Complex& bottom = field[static_cast<std::size_t>(topology.cells[k].bottom)];
    const Complex u = top, v = bottom;
    top = cells[k].tt * u + cells[k].tb * v;
    bottom = cells[k].bt * u + cells[k].bb * v;
  }
  for (std::size_t m = 0; m < field.size(); ++m) field[m] *= screen[m];
  return field;
}

template <class Real>
void expect_sweep_equals_cells(const Topology& topology, const MeshSettings& settings,
                               const Fabrication& fabrication, Preparation preparation, int batch,
                               double tolerance) {
  const auto modes = static_cast<std::size_t>(topology.modes);
  std::vector<Transfer> cells(topology.cells.size());
  cell_transfers({topology, DeviceKind::mzi, settings, fabrication}, cells);
  std::vector<Complex> screen;
  for (const double phase : settings.screen) screen.push_back(std::polar(1.0, phase));
  const std::size_t stride = static_cast<std::size_t>(batch) + 3, size = modes * stride;
  std::vector<Real> re(size), im(size);
  for (std::size_t i = 0; i < size; ++i) {
    re[i] = static_cast<Real>(random_numbers.normal(i, 70));
    im[i] = static_cast<Real>(random_numbers.normal(i, 71));
  }
  const std::vector<Real> re_in = re, im_in = im;
  const PreparedMesh<Real> mesh = prepare<Real>(topology, cells, screen, preparation);
  propagate<Real>(mesh, {re.data(), im.data(), topology.modes, batch, static_cast<int>(stride)});
  for (std::size_t b = 0; b < stride; ++b) {
    std::vector<Complex> field(modes);
    for (std::size_t m = 0; m < modes; ++m)
      field[m] = {re_in[m * stride + b], im_in[m * stride + b]};
    if (b < static_cast<std::size_t>(batch))
      field = column_by_column(topology, cells, screen, field);
    for (std::size_t m = 0; m < modes; ++m)
      ASSERT_LT(std::abs(field[m] - Complex(re[m * stride + b], im[m * stride + b])), tolerance)
          << m << " " << b;
  }
}

TEST(Sweep, EqualsTheCellsOneByOneForEveryShape) {
  for (const int n : {1, 2, 3, 4, 5, 6, 7, 8, 33}) {
    for (const MeshKind kind : {MeshKind::clements, MeshKind::reck, MeshKind::butterfly}) {
      if (kind == MeshKind::butterfly && n != 4 && n != 8) continue;
      const Topology topology = make_topology(kind, n);
      MeshSettings settings = zero_settings(topology);
      Fabrication lossy(topology.cells.size());
      for (std::size_t k = 0; k < lossy.size(); ++k) {
        settings.theta[k] = 3.1 * random_numbers.uniform(k, 60);
        settings.phi[k] = 6.2 * random_numbers.uniform(k, 61);
        lossy[k] = {.alpha_rad = 0.1, .beta_rad = -0.05};
        lossy[k].phi_top.log_gain = -0.1 * random_numbers.uniform(k, 62);
      }
      for (std::size_t m = 0; m < settings.screen.size(); ++m)
        settings.screen[m] = random_numbers.normal(m, 63);
      for (const int batch : {1, 16, 17, 33, 70})
        for (const Preparation preparation : {Preparation::scaled, Preparation::full}) {
          // A path passes at most 2N cells, each rounding a few times: about 10 eps sqrt(N) of
          // fields of size 1 to 4.
          expect_sweep_equals_cells<double>(topology, settings, lossy, preparation, batch, 1e-13);
          expect_sweep_equals_cells<float>(topology, settings, lossy, preparation, batch, 5e-5);
        }
    }
  }
}

TEST(Sweep, TakesCellsThatAreWhollyBarOrCross) {
  const Topology topology = clements_topology(9);
  for (const double theta : {0.0, pi}) {
    MeshSettings settings = zero_settings(topology);
    for (std::size_t k = 0; k < settings.theta.size(); ++k)
      settings.theta[k] = k % 3 == 0 ? pi - theta : theta;
    expect_sweep_equals_cells<double>(topology, settings, {}, Preparation::scaled, 5, 1e-13);
  }
}

TEST(Sweep, KeepsItsRangeInDeepMeshesOfEvenSplitters) {
  // Every carried factor shrinks by sqrt(2) a column: 2^-50 after 101 columns, below what float may
  // carry here.
  const Topology topology = clements_topology(101);
  MeshSettings settings = zero_settings(topology);
  for (double& theta : settings.theta) theta = pi / 2;
  expect_sweep_equals_cells<float>(topology, settings, {}, Preparation::scaled, 3, 1e-4);
}

TEST(Haar, SampledSettingsHaveTheMomentsOfDecomposedMatrices) {
  // |U_ij|^2 of a Haar unitary is Beta(1, N-1): mean 1/N, second moment 2/(N(N+1)), whichever way
  // it was made.
  constexpr int n = 5, samples = 4000;
  const Topology topology = clements_topology(n);
  const double fourth = 2.0 / (n * (n + 1));
  const double eighth = 24.0 / (n * (n + 1) * (n + 2) * (n + 3));
  const double standard_error = std::sqrt((eighth - fourth * fourth) / samples);
  double sampled = 0, gaussian = 0;
  for (std::uint64_t i = 0; i < samples; ++i) {
    const MeshSettings settings = haar_clements_settings(topology, random_numbers, 100 + i);
    sampled +=
        std::pow(std::norm(mesh_matrix(topology, DeviceKind::mzi, settings)(2, 1)), 2) / samples;
    gaussian += std::pow(std::norm(haar_unitary(n, random_numbers, 100 + i)(2, 1)), 2) / samples;
  }
  EXPECT_NEAR(sampled, fourth, 4 * standard_error);
  EXPECT_NEAR(gaussian, fourth, 4 * standard_error);
}

TEST(Haar, DecomposedMatricesHaveTheExponentOfEveryCell) {
  // cos^2(theta/2) = u^{1/k} with u uniform: mean k / (k + 1), variance k / ((k + 2) (k + 1)^2).
  // The exponents of a mesh are N - 1 ones, N - 2 twos, ..., one N - 1.
  constexpr int n = 6, samples = 3000;
  const Topology topology = clements_topology(n);
  std::vector<double> mean(topology.cells.size());
  for (std::uint64_t i = 0; i < samples; ++i) {
    const MeshSettings settings = decompose_clements(haar_unitary(n, random_numbers, 9000 + i));
    for (std::size_t k = 0; k < mean.size(); ++k)
      mean[k] += std::pow(std::cos(settings.theta[k] / 2), 2) / samples;
  }
  std::vector<int> counts(n, 0);
  for (std::size_t k = 0; k < mean.size(); ++k) {
    const double e = haar_exponent(n, topology.cells[k].column, topology.cells[k].top);
    EXPECT_NEAR(mean[k], e / (e + 1), 4 * std::sqrt(e / (e + 2) / samples) / (e + 1)) << k;
    ++counts[static_cast<std::size_t>(e)];
  }
  EXPECT_EQ(counts, (std::vector<int>{0, 5, 4, 3, 2, 1}));
}

}  // namespace
}  // namespace lightloom::photonic
