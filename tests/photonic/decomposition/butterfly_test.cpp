#include "photonic/decomposition/butterfly.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/decomposition/complex_svd.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;
const Stream butterfly_numbers({.seed = 41, .purpose = Purpose::test});

SquareMatrix fourier(int n) {
  SquareMatrix f(n);
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) f(r, c) = std::polar(1 / std::sqrt(n), 2 * pi * ((r * c) % n) / n);
  return f;
}

/// Sylvester's construction, entry by entry: the sign is the parity of the common bits.
SquareMatrix hadamard(int n) {
  SquareMatrix h(n);
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c)
      h(r, c) = (__builtin_popcount(static_cast<unsigned>(r & c)) % 2 == 0 ? 1 : -1) / std::sqrt(n);
  return h;
}

/// A product of columns of random 2x2 unitaries, each an N x N matrix of its own; no mesh is
/// involved. Strides rise along the light, or fall.
SquareMatrix random_product(int n, bool rising, std::uint64_t shot) {
  SquareMatrix product = identity_matrix(n);
  const int levels = static_cast<int>(std::log2(n));
  for (int level = 0; level < levels; ++level) {
    const int stride = 1 << (rising ? level : levels - 1 - level);
    SquareMatrix column(n);
    for (int top = 0; top < n; ++top) {
      if ((top & stride) != 0) continue;
      const SquareMatrix g =
          haar_unitary(2, butterfly_numbers, shot + static_cast<std::uint64_t>(level * n + top));
      for (int r = 0; r < 2; ++r)
        for (int c = 0; c < 2; ++c) column(top + r * stride, top + c * stride) = g(r, c);
    }
    product = multiply(column, product);
  }
  return product;
}

/// What the mesh of the factors does between the ordered inputs and outputs, by permutation
/// matrices.
double rebuilt_error(const ButterflyFactors& found, const SquareMatrix& matrix) {
  const int n = matrix.size;
  SquareMatrix reversal(n);
  for (int k = 0; k < n; ++k) reversal(reverse_bits(k, n), k) = 1;
  SquareMatrix whole = mesh_matrix(butterfly_topology(n), DeviceKind::mzi, found.settings);
  if (found.inputs_reversed) whole = multiply(whole, reversal);
  if (found.outputs_reversed) whole = multiply(reversal, whole);
  return matrix_error(whole, matrix);
}

TEST(Butterfly, FourierMatricesAreExactWithInputsInBitReversedOrder) {
  for (const int n : {4, 8, 64, 256}) {
    const ButterflyFactors found = decompose_butterfly(fourier(n));
    EXPECT_TRUE(found.inputs_reversed) << n;
    EXPECT_FALSE(found.outputs_reversed) << n;
    // log2 N columns round a few times each.
    EXPECT_LT(found.error, 4e-16 * std::log2(n) * std::sqrt(std::log2(n))) << n;
    EXPECT_LT(rebuilt_error(found, fourier(n)), 1e-14) << n;
  }
}

TEST(Butterfly, HadamardMatricesAreExactInOrder) {
  for (const int n : {1, 2, 4, 32, 128}) {
    const ButterflyFactors found = decompose_butterfly(hadamard(n));
    EXPECT_FALSE(found.inputs_reversed || found.outputs_reversed) << n;
    EXPECT_LT(rebuilt_error(found, hadamard(n)), 1e-14) << n;
  }
}

TEST(Butterfly, AnyProductOfColumnsIsExactInEitherOrderOfStrides) {
  for (const int n : {2, 4, 16, 64}) {
    for (const bool rising : {true, false}) {
      const SquareMatrix product = random_product(n, rising, 1000 * static_cast<unsigned>(n));
      const ButterflyFactors found = decompose_butterfly(product);
      EXPECT_LT(rebuilt_error(found, product), 1e-14) << n << rising;
      // Falling strides are rising ones between two reversals.
      if (n > 2) {
        EXPECT_EQ(found.inputs_reversed && found.outputs_reversed, !rising) << n;
      }
    }
  }
}

TEST(Butterfly, TakesBlocksThatPassOrCross) {
  const int n = 8;
  SquareMatrix swapped(n);
  for (int k = 0; k < n; ++k) swapped(k ^ 5, k) = std::polar(1.0, 0.3 * k);
  EXPECT_LT(decompose_butterfly(swapped).error, 1e-14);
  EXPECT_LT(decompose_butterfly(identity_matrix(n)).error, 1e-14);
}

ComplexMatrix as_matrix(const SquareMatrix& u) { return {u.size, u.size, u.values}; }

TEST(Butterfly, OtherUnitariesAreRefusedWithTheirDistanceOrProjectedOnRequest) {
  const SquareMatrix u = haar_unitary(8, butterfly_numbers, 5);
  try {
    decompose_matrix(as_matrix(u), {.mesh = MeshKind::butterfly});
    FAIL() << "a Haar-random unitary is no product of butterflies";
  } catch (const Error& error) {
    const double distance = decompose_butterfly(u).error;
    EXPECT_NE(std::string(error.what()).find(fmt::format("misses it by {:.3g}", distance)),
              std::string::npos)
        << error.what();
  }
  const MatrixDecomposition nearest = decompose_matrix(
      as_matrix(u), {.mesh = MeshKind::butterfly, .target = DecompositionOptions::Target::nearest});
  EXPECT_GT(nearest.error, 0.1);
  // Never further away than a unitary without any overlap, and projected is projected: again it is
  // exact.
  EXPECT_LT(nearest.error, std::sqrt(2.0));
  EXPECT_LT(decompose_matrix(nearest.rebuilt, {.mesh = MeshKind::butterfly}).error, 1e-13);
  EXPECT_THROW(decompose_matrix(as_matrix(haar_unitary(6, butterfly_numbers, 6)),
                                {.mesh = MeshKind::butterfly}),
               Error);
}

TEST(Butterfly, SmallDeparturesFromAProductAreFoundToFirstOrder) {
  // The product times exp(i h H): the distance found must not exceed that of the product it started
  // from by more than a factor, level-by-level being no joint optimum.
  const SquareMatrix product = random_product(16, true, 7000);
  for (const double h : {1e-6, 1e-4}) {
    SquareMatrix noisy = product;
    for (std::size_t i = 0; i < noisy.values.size(); ++i)
      noisy.values[i] +=
          h * Complex(butterfly_numbers.normal(i, 1), butterfly_numbers.normal(i, 2));
    const ComplexSvd svd = complex_svd(noisy);
    const SquareMatrix unitary = multiply(svd.left, adjoint(svd.right));
    const double away = matrix_error(unitary, product);
    EXPECT_LT(decompose_butterfly(unitary).error, 1.5 * away) << h;
    EXPECT_GT(decompose_butterfly(unitary).error, 0.3 * away) << h;
  }
}

CoreCard butterfly_card(int modes) {
  CoreCard card = default_card("mzi-mesh");
  card.correction = Correction::none;
  mesh_part(card).mesh.modes = modes;
  mesh_part(card).mesh.topology = MeshKind::butterfly;
  return card;
}

TEST(Butterfly, ErrorsOfChipsFollowTheFirstOrderLaws) {
  // Two splitters in N/2 log2 N devices move the matrix by sigma each, and N log2 N + N shifters by
  // sigma: E = sqrt(2 log2 N) sigma and sqrt(log2 N + 1) sigma.
  const int n = 64;
  CoreCard splitters = butterfly_card(n), phases = butterfly_card(n);
  mesh_part(splitters).fabrication.splitter_sigma_rad = 0.005;
  phases.phase_sigma_rad = 0.005;
  const auto rms = [](const CoreCard& card) {
    std::vector<double> squares;
    for (const double e : chip_statistics(card, {.chips = 100, .seed = 3}).error)
      squares.push_back(e * e);
    return summarise(squares);
  };
  const Summary split = rms(splitters), phase = rms(phases);
  const double split_law = 2 * std::log2(n) * 2.5e-5, phase_law = (std::log2(n) + 1) * 2.5e-5;
  EXPECT_NEAR(split.mean, split_law, 4 * split.standard_error + 1e-3 * split_law);
  EXPECT_NEAR(phase.mean, phase_law, 4 * phase.standard_error + 1e-3 * phase_law);
  EXPECT_EQ(chip_statistics(phases, {.chips = 1}).target, "random product of butterflies");
}

TEST(Butterfly, LocalCorrectionMakesReachableChipsExact) {
  CoreCard card = butterfly_card(16);
  card.correction = Correction::local;
  mesh_part(card).fabrication.splitter_sigma_rad = 0.01;
  const ChipStatistics chips = chip_statistics(card, {.chips = 40, .seed = 8});
  int exact = 0;
  for (std::size_t i = 0; i < chips.error.size(); ++i) {
    if (chips.unreachable[i] > 0) continue;
    ++exact;
    EXPECT_LT(chips.error[i], 1e-13);
  }
  EXPECT_GT(exact, 20);
}

TEST(Butterfly, CoreMakesHadamardWeightsAndNamesTheTileItCannotMake) {
  const auto core = make_core(butterfly_card(8));
  std::vector<float> weights, realised(128), scales(2);
  for (const Complex value : hadamard(8).values)
    weights.push_back(static_cast<float>(value.real()));
  std::vector<float> first(weights), one_realised(64), one_scale(1);
  core->realise(first, {}, one_realised, one_scale);
  for (std::size_t k = 0; k < 64; ++k) EXPECT_NEAR(one_realised[k], first[k], 1e-6);
  for (std::size_t k = 0; k < 64; ++k)
    weights.push_back(static_cast<float>(butterfly_numbers.normal(k, 77)));
  try {
    core->realise(weights, {}, realised, scales);
    FAIL() << "random weights have no butterfly factors";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).rfind("tile 1: ", 0), 0U) << error.what();
  }
}

}  // namespace
}  // namespace lightloom::photonic
