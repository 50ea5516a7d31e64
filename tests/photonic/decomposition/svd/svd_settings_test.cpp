#include "photonic/decomposition/svd/svd_settings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random/random.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::photonic {
namespace {

struct Rectangle {
  int rows, columns;
};

/// What ideal meshes of the settings make, in units of the scale.
SquareMatrix rebuilt(const SvdSettings& settings, const Topology& topology) {
  const SquareMatrix left = mesh_matrix(topology, DeviceKind::mzi, settings.left),
                     right = mesh_matrix(topology, DeviceKind::mzi, settings.right);
  SquareMatrix result(topology.modes);
  for (int r = 0; r < topology.modes; ++r)
    for (int c = 0; c < topology.modes; ++c)
      for (int k = 0; k < topology.modes; ++k)
        result(r, c) +=
            left(r, k) * settings.attenuation[static_cast<std::size_t>(k)] * right(k, c);
  return result;
}

/// Largest singular value by power iteration.
double norm_of_matrix(const std::vector<float>& matrix, const Rectangle& size) {
  std::vector<double> v(static_cast<std::size_t>(size.columns), 1.0), u;
  double norm = 0;
  for (int turn = 0; turn < 2000; ++turn) {
    u.assign(static_cast<std::size_t>(size.rows), 0);
    for (std::size_t k = 0; k < matrix.size(); ++k) u[k / v.size()] += matrix[k] * v[k % v.size()];
    v.assign(v.size(), 0);
    for (std::size_t k = 0; k < matrix.size(); ++k) v[k % v.size()] += matrix[k] * u[k / v.size()];
    norm = 0;
    for (const double x : v) norm += x * x;
    norm = std::sqrt(norm);
    for (double& x : v) x /= norm;
  }
  return std::sqrt(norm);
}

TEST(SvdSettings, LargerMeshesHoldTheMatrixInTheirCornerAtItsScale) {
  const Topology topology = clements_topology(17);
  for (const Rectangle size :
       {Rectangle{17, 17}, {16, 17}, {17, 16}, {5, 17}, {17, 5}, {5, 9}, {9, 5}, {1, 1}, {1, 17}}) {
    std::vector<float> matrix(static_cast<std::size_t>(size.rows * size.columns));
    fill_normal(Stream({.seed = 4, .purpose = Purpose::test}), 1, matrix);
    const SvdSettings settings = decompose_svd(matrix, size.rows, size.columns, topology);
    const double norm = norm_of_matrix(matrix, size);
    // Light is lost where something else than the matrix is larger: at most 0.2 %, 0.02 dB.
    EXPECT_GE(settings.scale, norm * (1 - 1e-9)) << size.rows << ' ' << size.columns;
    EXPECT_LE(settings.scale, norm * 1.002 * (1 + 1e-9)) << size.rows << ' ' << size.columns;
    const SquareMatrix got = rebuilt(settings, topology);
    for (std::size_t k = 0; k < matrix.size(); ++k) {
      const auto columns = static_cast<std::size_t>(size.columns);
      const Complex value = got(static_cast<int>(k / columns), static_cast<int>(k % columns));
      // 17 ports, products of numbers up to the scale in double precision.
      ASSERT_NEAR(settings.scale * value.real(), matrix[k], 1e-12 * norm) << k;
      ASSERT_NEAR(value.imag(), 0, 1e-12) << k;
    }
  }
}

TEST(SvdSettings, ZerosInsideTheMatrixStayAndNothingAtAllIsDark) {
  const Topology topology = clements_topology(9);
  std::vector<float> matrix(5 * 7, 0.0F);
  matrix[0] = matrix[1] = matrix[9] = 1;  // rows 2, 3, 4 and columns 3 to 6 are read and zero
  const SvdSettings settings = decompose_svd(matrix, 5, 7, topology);
  const SquareMatrix got = rebuilt(settings, topology);
  for (int r = 0; r < 5; ++r)
    for (int c = 0; c < 7; ++c)
      EXPECT_NEAR(std::abs(settings.scale * got(r, c) - Complex(matrix[as_index(r * 7 + c)])), 0,
                  1e-13);
  const SvdSettings dark = decompose_svd(std::vector<float>(35, 0.0F), 5, 7, topology);
  EXPECT_EQ(dark.scale, 1);
  EXPECT_EQ(dark.attenuation, std::vector<double>(9, 0.0));
}

TEST(SvdSettings, ButterfliesTakeZerosWhereNothingIsUsed) {
  // 2 x 2 of Hadamard in a mesh of four: its factors are butterflies only beside zeros.
  const std::vector<float> matrix{1, 1, 1, -1};
  const SvdSettings settings = decompose_svd(matrix, 2, 2, butterfly_topology(4));
  EXPECT_NEAR(settings.scale, std::sqrt(2.0), 1e-12);
}

}  // namespace
}  // namespace lightloom::photonic
