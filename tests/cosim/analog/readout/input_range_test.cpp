#include "cosim/analog/readout/input_range.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random/random.hpp"

namespace lightloom::cosim {
namespace {

/// Inputs as a rectifier leaves them: half are zero, the others fall off exponentially.
std::vector<float> rectified() {
  const Stream stream({.seed = 4});
  std::vector<float> inputs;
  for (std::uint64_t i = 0; i < 20'000; ++i)
    inputs.push_back(i % 2 == 0 ? 0.0F : static_cast<float>(-std::log(stream.uniform(i, 1))));
  return inputs;
}

/// What really coding the inputs and reading one output that sums them with weights of 1 costs.
double real_error(const std::vector<float>& inputs, const InputRangeError& error, double scale) {
  double squares = 0, light = 0;
  for (const float x : inputs) {
    const double inside = std::min(1.0, x / scale);
    const double coded =
        error.levels > 0 ? std::nearbyint(inside * error.levels) / error.levels : inside;
    squares += std::pow(coded * scale - x, 2);
    light += error.coding == photonic::InputCoding::intensity ? coded : coded * coded;
  }
  const auto count = static_cast<double>(inputs.size());
  return error.weights * squares / count +
         scale * scale * (error.steady + error.shot * light / count);
}

/// One after the other what may limit a range: rounding, the amplifier, much of it, light.
std::vector<InputRangeError> limits() {
  return {{.weights = 30, .levels = 7},
          {.weights = 30, .steady = 1},
          {.weights = 2, .levels = 255, .steady = 0.3},
          {.weights = 30, .levels = 255, .shot = 10},
          {.weights = 30, .shot = 10, .coding = photonic::InputCoding::field}};
}

TEST(InputRange, TheExpectedErrorIsThatOfReallyCoding) {
  // Steps are small against the inputs, so that what rounding leaves is spread evenly.
  const std::vector<float> inputs = rectified();
  std::vector<InputRangeError> all = limits();
  all.push_back({.weights = 30, .levels = 31});
  for (const InputRangeError& error : all)
    for (const double scale : {0.7, 3.0}) {
      if (error.levels == 7 && scale > 1) continue;
      const double real = real_error(inputs, error, scale);
      EXPECT_NEAR(error_of_range(inputs, scale, error), real, 0.02 * real);
    }
}

TEST(InputRange, IsCloseToTheBestOfAFineSearchWhateverLimitsIt) {
  const std::vector<float> inputs = rectified();
  for (const InputRangeError& error : limits()) {
    double best = 1e300;
    for (double scale = 0.02; scale < 14; scale *= 1.01)
      best = std::min(best, real_error(inputs, error, scale));
    // The search grid is 9 % wide: near the minimum that costs a few per cent of error.
    EXPECT_LT(real_error(inputs, error, best_input_scale(inputs, error)), 1.1 * best);
  }
}

TEST(InputRange, ShotNoiseOfIntensitiesAsksForLessThanThatOfFields) {
  // Of inputs inside the range X^2 |x| / X grows with X, X^2 (x / X)^2 does not.
  const std::vector<float> inputs = rectified();
  InputRangeError error{.weights = 30, .shot = 10};
  const double intensities = best_input_scale(inputs, error);
  error.coding = photonic::InputCoding::field;
  EXPECT_LT(intensities, 0.9 * best_input_scale(inputs, error));
}

TEST(InputRange, NothingIsClippedWhereNothingIsWonByIt) {
  const std::vector<float> inputs = rectified();
  EXPECT_EQ(best_input_scale(inputs, {.weights = 30}),
            *std::max_element(inputs.begin(), inputs.end()));
}

TEST(InputRange, SilenceGivesAUsableRange) {
  EXPECT_EQ(best_input_scale(std::vector<float>(10, 0.0F), {.weights = 1, .steady = 1}), 1.0);
  EXPECT_EQ(best_input_scale({}, {.weights = 1, .steady = 1}), 1.0);
}

}  // namespace
}  // namespace lightloom::cosim
