#include "cosim/analog/range_calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom::cosim {
namespace {

/// Mean squared error of really converting `samples` (and their negatives) with a mid-tread
/// converter.
double conversion_error(const std::vector<float>& samples, int bits, double full_scale) {
  const double half = std::exp2(bits - 1), step = full_scale / half;
  double sum = 0;
  for (const float y : samples)
    for (const double signed_y : {double{y}, -double{y}}) {
      const double code = std::clamp(std::nearbyint(signed_y / step), -half, half - 1);
      sum += std::pow(code * step - signed_y, 2);
    }
  return sum / static_cast<double>(2 * samples.size());
}

TEST(ConverterRange, IsCloseToTheBestOfAFineSearchForGaussianAndPeakedSignals) {
  const Stream stream({.seed = 4});
  std::vector<float> gaussian, peaked;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    gaussian.push_back(static_cast<float>(std::abs(stream.normal(i))));
    peaked.push_back(static_cast<float>(-std::log(stream.uniform(i, 1))));
  }
  for (const auto& samples : {gaussian, peaked})
    for (const int bits : {3, 5, 8}) {
      double best = 1e300;
      for (double scale = 0.05; scale < 14; scale *= 1.01)
        best = std::min(best, conversion_error(samples, bits, scale));
      // The search grid is 9 % wide: near the minimum that costs a few per cent of error.
      EXPECT_LT(conversion_error(samples, bits, best_full_scale(samples, bits)), 1.1 * best)
          << bits;
    }
}

TEST(ConverterRange, AUniformSignalWithManyBitsUsesItsWholeRange) {
  std::vector<float> samples;
  for (int i = 1; i <= 1000; ++i) samples.push_back(static_cast<float>(i) / 1000);
  EXPECT_EQ(best_full_scale(samples, 12), 1.0);
}

TEST(ConverterRange, SilenceGivesAUsableRange) {
  EXPECT_EQ(best_full_scale(std::vector<float>(10, 0.0F), 8), 1.0);
  EXPECT_EQ(best_full_scale({}, 8), 1.0);
}

}  // namespace
}  // namespace lightloom::cosim
