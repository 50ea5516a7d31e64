#include "photonic/decomposition/complex_svd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random/random.hpp"

namespace lightloom::photonic {
namespace {

const Stream svd_numbers({.seed = 46, .purpose = Purpose::test});

struct Shape {
  int rows, columns, rank;
};

Complex drawn(int number, int r) {
  const auto shot = static_cast<std::uint64_t>(number);
  return {svd_numbers.normal(static_cast<std::uint64_t>(2 * r), shot),
          svd_numbers.normal(static_cast<std::uint64_t>(2 * r + 1), shot)};
}

/// A sum of as many products of random vectors as the rank says.
ComplexMatrix random_product(const Shape& shape) {
  ComplexMatrix m{shape.rows, shape.columns, {}};
  for (int r = 0; r < shape.rows; ++r) {
    for (int c = 0; c < shape.columns; ++c) {
      Complex sum = 0;
      for (int k = 0; k < shape.rank; ++k) sum += mul(drawn(2 * k, r), drawn(2 * k + 1, c));
      m.values.push_back(sum);
    }
  }
  return m;
}

/// Largest element of |left diag(values) right^dagger - matrix|.
double missed(const ComplexSvd& svd, const ComplexMatrix& matrix) {
  double worst = 0;
  std::size_t i = 0;
  for (int r = 0; r < matrix.rows; ++r) {
    for (int c = 0; c < matrix.columns; ++c) {
      Complex made = 0;
      for (std::size_t k = 0; k < svd.values.size(); ++k)
        made += mul(svd.left(r, static_cast<int>(k)) * svd.values[k],
                    std::conj(svd.right(c, static_cast<int>(k))));
      worst = std::max(worst, std::abs(made - matrix.values[i++]));
    }
  }
  return worst;
}

void expect_factors(const ComplexMatrix& matrix, const ComplexSvd& svd) {
  const int longer = std::max(matrix.rows, matrix.columns);
  EXPECT_EQ(svd.left.size, matrix.rows);
  EXPECT_EQ(svd.right.size, matrix.columns);
  EXPECT_EQ(svd.values.size(), static_cast<std::size_t>(std::min(matrix.rows, matrix.columns)));
  EXPECT_TRUE(std::is_sorted(svd.values.rbegin(), svd.values.rend()));
  EXPECT_LT(distance_from_unitary(svd.left), 1e-15 * longer);
  EXPECT_LT(distance_from_unitary(svd.right), 1e-15 * longer);
  EXPECT_LE(missed(svd, matrix), 1e-15 * longer * svd.values[0]);
}

TEST(ComplexSvd, FactorsAreUnitaryAndMultiplyOutWhateverTheShapeAndRank) {
  for (const Shape shape : {Shape{33, 33, 33},
                            {33, 33, 7},
                            {33, 5, 5},
                            {5, 33, 5},
                            {5, 33, 2},
                            {33, 5, 2},
                            {1, 33, 1},
                            {33, 1, 1},
                            {17, 40, 17},
                            {12, 12, 0}}) {
    SCOPED_TRACE(::testing::Message()
                 << shape.rows << " x " << shape.columns << " of " << shape.rank);
    const ComplexMatrix matrix = random_product(shape);
    expect_factors(matrix, complex_svd(matrix));
  }
}

TEST(ComplexSvd, ColumnsThatTheOthersSpanAreLeftAtRoundOff) {
  // Rows of zeros leave no room in which round-off of 28 columns could be orthogonal: rotated until
  // it is, they would shrink until their products leave the range of doubles and what is applied to
  // the right factor is no rotation.
  ComplexMatrix matrix = random_product({.rows = 40, .columns = 40, .rank = 40});
  std::fill(matrix.values.begin() + 12 * 40, matrix.values.end(), Complex(0));
  const ComplexSvd svd = complex_svd(matrix);
  expect_factors(matrix, svd);
  for (std::size_t k = 12; k < svd.values.size(); ++k)
    EXPECT_LT(svd.values[k], 1e-15 * 40 * svd.values[0]) << k;
}

TEST(ComplexSvd, SmallValuesAreAsExactAsLargeOnes) {
  // A scaled column scales the product of all values, sqrt(det A^H A), and a one-sided method has
  // each of them to its own round-off (Demmel and Veselic 1992).
  ComplexMatrix matrix = random_product({.rows = 9, .columns = 6, .rank = 6});
  const ComplexSvd plain = complex_svd(matrix);
  for (const int power : {-40, 40}) {
    ComplexMatrix graded = matrix;
    for (std::size_t i = 0; i < graded.values.size(); ++i)
      if (i % 6 == 2) graded.values[i] = std::ldexp(1.0, power) * graded.values[i];
    const ComplexSvd svd = complex_svd(graded);
    double log_product = 0, log_plain = 0;
    for (const double value : svd.values) log_product += std::log(value);
    for (const double value : plain.values) log_plain += std::log(value);
    EXPECT_NEAR(log_product - log_plain, power * std::log(2.0), 1e-12);
  }
}

}  // namespace
}  // namespace lightloom::photonic
