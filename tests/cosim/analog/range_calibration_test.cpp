#include "cosim/analog/range_calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random/random.hpp"
#include "tests/cosim/analog/reading_case.hpp"
#include "tests/cosim/exact_core.hpp"

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

/// Vectors with a long tail, of one sign or of both.
MatrixCase long_tailed_case(bool with_signs) {
  MatrixCase c = matrix_case(500, with_signs);
  for (float& x : c.values) x *= x * std::fabs(x);
  return c;
}

/// A core of two tiles in units of two network weights, whose inputs have steps.
photonic::CoreDescription coarse_core(photonic::ReadPhases phases) {
  photonic::CoreDescription description =
      reading_core(photonic::InputCoding::intensity, photonic::InputSending::levels, phases);
  description.input_dac.bits = 5;
  description.signs = photonic::WeightSigns::pairs;
  return description;
}

ExactCore noisy_core(photonic::ReadPhases phases, photonic::InputRange range) {
  photonic::CoreDescription description = coarse_core(phases);
  description.noise.additive = 0.1;
  description.readings = 2;
  description.input_range = range;
  ExactCore core(description);
  core.scale = 2;
  return core;
}

/// Squared error of a core's outputs after it was calibrated on `seen`, of a vector.
double squared_error(const ExactCore& core, const MatrixCase& c, const std::vector<float>& seen) {
  AnalogEngine engine(core, 3, 2);
  engine.load(0, c.shape(), c.weights, 0);
  std::vector<float> outputs(as_index(c.vectors * c.outputs));
  engine.begin_calibration();
  engine.multiply(0, {seen, c.vectors, 0}, outputs);
  engine.end_calibration();
  engine.multiply(0, {c.values, c.vectors, 0}, outputs);
  double sum = 0;
  for (int v = 0; v < c.vectors; ++v)
    for (int o = 0; o < c.outputs; ++o) {
      double exact = 0;
      for (int i = 0; i < c.inputs; ++i)
        exact +=
            double{c.weights[as_index(o * c.inputs + i)]} * c.values[as_index(v * c.inputs + i)];
      sum += std::pow(outputs[as_index(v * c.outputs + o)] - exact, 2);
    }
  return sum / c.vectors;
}

/// The error that is expected where nothing is clipped.
double expected_error(const ExactCore& core, const MatrixCase& c) {
  const ChipCore chip(core, 3, 2);
  LayerOnCore layer;
  layer.shape = c.shape();
  write_layer(layer, chip, c.weights, 0);
  calibrate_ranges(layer, chip, {c.values, c.vectors});
  std::vector<float> magnitudes = c.values;
  for (float& x : magnitudes) x = std::fabs(x);
  return error_of_range(magnitudes, layer.ranges.input_full_scale, input_range_error(layer, chip));
}

const std::vector<std::pair<photonic::ReadPhases, bool>> ways_to_read{
    {photonic::ReadPhases::automatic, false},
    {photonic::ReadPhases::automatic, true},
    {photonic::ReadPhases::four, true}};

TEST(InputRangeOfALayer, HasTheErrorThatTheEngineMakes) {
  for (const auto& [phases, with_signs] : ways_to_read) {
    const MatrixCase c = matrix_case(6000, with_signs);
    std::vector<photonic::CoreDescription> each(4, coarse_core(phases));
    each[1].noise.additive = 0.3;
    each[1].readings = 2;
    // Of two sides each has a part of the light, which the expected error does not know.
    if (phases != photonic::ReadPhases::four) each[2].noise.shot = 0.3;
    each[3].noise.additive = 0.3;
    each[3].weight_scales = photonic::WeightScales::output;
    for (const photonic::CoreDescription& description : each) {
      ExactCore core(description);
      core.scale = 2;
      const double expected = expected_error(core, c);
      // 30 000 outputs: the standard error of their mean square is 0.8 %.
      EXPECT_NEAR(squared_error(core, c, c.values), expected, 4 * 0.008 * expected);
    }
  }
}

TEST(InputRangeOfALayer, MeasuredNoiseCountsAsThatOfLight) {
  // A core takes the noise that was measured on a chip in place of its own.
  struct Measured final : photonic::TensorCore {
    explicit Measured(const ExactCore& core) : exact(core) {}
    const photonic::CoreDescription& description() const override { return exact.description(); }
    photonic::RealisationReport realise(std::span<const float> targets,
                                        photonic::TileAddress address, std::span<float> realised,
                                        std::span<float> scales) const override {
      return exact.realise(targets, address, realised, scales);
    }
    photonic::OutputErrors output_errors(std::uint64_t, std::uint32_t) const override {
      return {.noise_sigma = {0.3F, 0.4F}};
    }
    ExactCore exact;
  };
  const MatrixCase c = matrix_case(1, false);
  const ExactCore exact(coarse_core(photonic::ReadPhases::automatic));
  const Measured measured(exact);
  for (const auto& [core, steady] :
       {std::pair<const photonic::TensorCore&, double>{exact, 0}, {measured, 2 * 5 * 0.125}}) {
    const ChipCore chip(core, 3, 2);
    LayerOnCore layer;
    layer.shape = c.shape();
    write_layer(layer, chip, c.weights, 0);
    EXPECT_NEAR(input_range_error(layer, chip).steady, steady, 1e-6);
  }
}

TEST(InputRangeOfALayer, LeavesAlmostTheLeastErrorThatAnyRangeLeaves) {
  // A core takes the largest input that it is shown for its range: so every range is tried on it.
  using photonic::InputRange;
  for (const auto& [phases, with_signs] : ways_to_read) {
    const MatrixCase c = long_tailed_case(with_signs);
    const ExactCore plain = noisy_core(phases, InputRange::largest);
    const double whole = squared_error(plain, c, c.values);
    double best = whole;
    for (float range = 0.1F; range < 60; range *= 1.09F) {
      std::vector<float> seen = c.values;
      for (float& x : seen) x = std::clamp(x, -range, range);
      best = std::min(best, squared_error(plain, c, seen));
    }
    const double chosen = squared_error(noisy_core(phases, InputRange::least_error), c, c.values);
    EXPECT_LT(chosen, 1.1 * best);   // the grid, and the noise of both searches
    EXPECT_LT(chosen, 0.5 * whole);  // what is at stake
  }
}

}  // namespace
}  // namespace lightloom::cosim
