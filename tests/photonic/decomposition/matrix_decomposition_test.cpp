// Matrices that are not quite unitary, and sizes at the ends of the range.
#include "photonic/decomposition/matrix_decomposition.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

using Target = DecompositionOptions::Target;
const Stream rounding_numbers({.seed = 44, .purpose = Purpose::test});

ComplexMatrix haar_matrix(int n) {
  return {n, n, haar_unitary(n, rounding_numbers, static_cast<std::uint64_t>(n)).values};
}

bool all_finite(const MeshSettings& settings) {
  for (const std::vector<double>* list : {&settings.theta, &settings.phi, &settings.screen})
    for (const double value : *list)
      if (!std::isfinite(value)) return false;
  return true;
}

TEST(RoundedMatrices, OfSinglePrecisionAndSixDecimalsAreTakenForTheNearestUnitary) {
  for (const int n : {2, 3, 8, 33}) {
    for (const bool decimals : {false, true}) {
      const ComplexMatrix exact = haar_matrix(n);
      ComplexMatrix rounded = exact;
      double moved = 0;
      for (std::size_t i = 0; i < rounded.values.size(); ++i) {
        Complex& v = rounded.values[i];
        const auto kept = [&](double x) {
          return decimals ? std::round(x * 1e6) / 1e6 : static_cast<double>(static_cast<float>(x));
        };
        v = {kept(v.real()), kept(v.imag())};
        moved += std::norm(v - exact.values[i]);
      }
      const MatrixDecomposition found = decompose_matrix(rounded);
      EXPECT_TRUE(found.rounded) << n;
      // The nearest unitary is no further than the one that was rounded, and the meshes make it.
      EXPECT_LE(found.error, std::sqrt(moved / n) + 1e-14) << n;
      const SquareMatrix made = rebuild_matrix(found, DeviceKind::mzi);
      EXPECT_LT(distance_from_unitary(made), 1e-14 * n) << n;
    }
  }
  EXPECT_FALSE(decompose_matrix(haar_matrix(5)).rounded);
}

TEST(RoundedMatrices, TheToleranceIsWhatIsTaken) {
  ComplexMatrix m = haar_matrix(4);
  for (Complex& v : m.values) v *= 1.01;  // 1.01^2 - 1 = 0.0201 from unitary
  EXPECT_THROW(decompose_matrix(m), Error);
  EXPECT_THROW(decompose_matrix(m, {.tolerance = 0.02}), Error);
  const MatrixDecomposition found = decompose_matrix(m, {.tolerance = 0.0202});
  EXPECT_TRUE(found.rounded);
  EXPECT_NEAR(found.error, 0.01, 1e-12);  // the nearest unitary is the one before
  ComplexMatrix far = haar_matrix(4);
  for (Complex& v : far.values) v *= 3;
  EXPECT_NEAR(decompose_matrix(far, {.tolerance = 9}).error, 2, 1e-12);
}

TEST(FarSizes, GiveTheSettingsOfTheSameMatrixOfOrdinarySize) {
  for (const auto& [rows, columns] : {std::pair{3, 3}, {4, 2}, {2, 5}}) {
    ComplexMatrix m{rows, columns, {}};
    for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(rows * columns); ++k)
      m.values.emplace_back(rounding_numbers.normal(2 * k), rounding_numbers.normal(2 * k + 1));
    const MatrixDecomposition plain = decompose_matrix(m, {.target = Target::svd});
    for (const int exponent : {260, 1010, -300, -1010}) {
      ComplexMatrix far = m;
      for (Complex& v : far.values)
        v = {std::ldexp(v.real(), exponent), std::ldexp(v.imag(), exponent)};
      const MatrixDecomposition found = decompose_matrix(far, {.target = Target::svd});
      EXPECT_TRUE(all_finite(found.left) && all_finite(found.right));
      EXPECT_NEAR(std::ldexp(found.scale, -exponent), plain.scale, 1e-12 * plain.scale);
      for (std::size_t k = 0; k < plain.attenuation.size(); ++k)
        EXPECT_NEAR(found.attenuation[k], plain.attenuation[k], 1e-12);
      EXPECT_LT(std::ldexp(found.error, -exponent), 1e-13);
      EXPECT_NEAR(std::ldexp(found.rebuilt.values[0].real(), -exponent), m.values[0].real(), 1e-13);
    }
  }
}

TEST(RectangularMatrices, TakeMeshesOfTheirRowsAndOfTheirColumnsWhateverTheirRank) {
  for (const auto& [rows, columns] : {std::pair{2, 7}, {7, 2}, {1, 3}, {3, 1}, {5, 4}}) {
    for (const int rank : {0, 1, std::min(rows, columns)}) {
      ComplexMatrix m{rows, columns, {}};
      m.values.resize(static_cast<std::size_t>(rows * columns));
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
          for (int k = 0; k < rank; ++k)
            m.values[static_cast<std::size_t>(r * columns + c)] +=
                rounding_numbers.normal(static_cast<std::uint64_t>(100 * k + r)) *
                rounding_numbers.normal(static_cast<std::uint64_t>(100 * k + 50 + c));
      for (const DeviceKind device : {DeviceKind::mzi, DeviceKind::compact}) {
        const MatrixDecomposition found =
            decompose_matrix(m, {.device = device, .target = Target::svd});
        EXPECT_LT(found.error, 1e-13) << rows << " x " << columns << ", rank " << rank;
        EXPECT_EQ(found.topology.modes, columns);
        EXPECT_EQ(found.left_topology.modes, rows);
        EXPECT_LT(distance_from_unitary(mesh_matrix(found.left_topology, device, found.left)),
                  1e-14 * rows);
        EXPECT_EQ(found.attenuation.size(), static_cast<std::size_t>(std::min(rows, columns)));
      }
    }
  }
}

TEST(FarSizes, AreProjectedAndRefusedAsOthersAre) {
  ComplexMatrix m = haar_matrix(3);
  for (Complex& v : m.values) v *= 1e200;
  EXPECT_THROW(decompose_matrix(m), Error);
  const MatrixDecomposition nearest = decompose_matrix(m, {.target = Target::nearest});
  EXPECT_TRUE(all_finite(nearest.right));
  EXPECT_NEAR(nearest.error / 1e200, 1, 1e-12);
  const ComplexMatrix largest{2, 2, std::vector<Complex>(4, 1.7e308)};  // singular value 3.4e308
  EXPECT_THROW(decompose_matrix(largest, {.target = Target::svd}), Error);
}

}  // namespace
}  // namespace lightloom::photonic
