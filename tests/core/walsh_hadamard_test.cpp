#include "core/walsh_hadamard.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom {
namespace {

// H is the matrix of (-1)^(common bits of row and column).
TEST(WalshHadamard, IsItsDefinition) {
  const Stream stream({.seed = 3, .purpose = Purpose::test});
  for (const std::size_t width : {1u, 3u})
    for (const std::size_t n : {1u, 2u, 8u, 64u}) {
      std::vector<float> x(n * width);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(stream.normal(i));
      std::vector<float> y = x;
      walsh_hadamard(y, width);
      for (std::size_t row = 0; row < n; ++row)
        for (std::size_t w = 0; w < width; ++w) {
          double sum = 0;
          for (std::size_t column = 0; column < n; ++column)
            sum += (std::popcount(row & column) % 2 == 1 ? -1 : 1) * double{x[column * width + w]};
          ASSERT_NEAR(y[row * width + w], sum, 1e-4) << n << " vectors of " << width;
        }
    }
}

TEST(WalshHadamard, LeavesNothingAsItIs) {
  walsh_hadamard({});
  std::vector<float> two{1, 2};
  walsh_hadamard(two, 2);  // one vector
  EXPECT_EQ(two, (std::vector<float>{1, 2}));
}

}  // namespace
}  // namespace lightloom
