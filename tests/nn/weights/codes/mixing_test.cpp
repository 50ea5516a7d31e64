#include "nn/weights/codes/mixing.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

using Rows = std::vector<std::vector<double>>;

/// One axis as a matrix: Hadamard's blocks of the powers of two that `size` is the sum of, from the
/// largest, each entry the parity of i & j, times signs.
Rows axis_matrix(std::size_t size, std::uint64_t axis) {
  const Stream stream({.purpose = Purpose::haar});
  Rows matrix(size, std::vector<double>(size));
  for (std::size_t first = 0, bit = 20; bit-- > 0;) {
    const std::size_t block = std::size_t{1} << bit;
    if ((size & block) == 0) continue;
    for (std::size_t i = 0; i < block; ++i)
      for (std::size_t j = 0; j < block; ++j)
        matrix[first + i][first + j] = (std::popcount(i & j) % 2 == 0 ? 1 : -1) /
                                       std::sqrt(static_cast<double>(block)) *
                                       (stream.bits(first + j, axis)[0] % 2 == 0 ? 1 : -1);
    first += block;
  }
  return matrix;
}

std::vector<float> mixing_normals(const MixedShape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.rows * shape.columns));
  fill_normal(Stream({.seed = 2, .purpose = Purpose::test}), 0, values);
  return values;
}

TEST(Mixing, IsTheProductWithTwoOrthogonalMatrices) {
  for (const MixedShape& shape :
       {MixedShape{8, 16}, MixedShape{7, 27}, MixedShape{1, 5}, MixedShape{12, 1}}) {
    const std::vector<float> given = mixing_normals(shape);
    std::vector<float> mixed = given;
    mix(shape, mixed);
    const auto rows = static_cast<std::size_t>(shape.rows),
               columns = static_cast<std::size_t>(shape.columns);
    const Rows left = axis_matrix(rows, 0), right = axis_matrix(columns, 1);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c) {
        double sum = 0;
        for (std::size_t i = 0; i < rows; ++i)
          for (std::size_t j = 0; j < columns; ++j)
            sum += left[r][i] * given[i * columns + j] * right[c][j];
        ASSERT_NEAR(mixed[r * columns + c], sum, 1e-5) << rows << "x" << columns;
      }
    unmix(shape, mixed);
    for (std::size_t i = 0; i < given.size(); ++i) ASSERT_NEAR(mixed[i], given[i], 1e-5);
  }
}

// One weight alone is spread over all: of a power of two every one has its share.
TEST(Mixing, SpreadsOneWeightEvenly) {
  std::vector<float> values(16 * 32);
  values[37] = 1;
  mix({16, 32}, values);
  for (const float value : values) EXPECT_NEAR(std::abs(value), 1 / std::sqrt(512.0), 1e-7);
}

// 27 = 16 + 8 + 2 + 1 take 64 + 24 + 2 + 0 additions, 7 = 4 + 2 + 1 take 8 + 2 + 0.
TEST(Mixing, CountsTheAdditionsOfEveryVector) {
  EXPECT_EQ(mixing_adds({7, 27}), 7 * 90 + 27 * 10);
  EXPECT_EQ(mixing_adds({16, 1}), 64);
  EXPECT_EQ(mixing_adds({1, 1}), 0);
}

}  // namespace
}  // namespace lightloom::nn
