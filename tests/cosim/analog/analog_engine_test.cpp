#include "cosim/analog/analog_engine.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <numeric>
#include <set>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "tests/cosim/exact_core.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

using nn::LayerShape;
using photonic::CoreDescription;
using photonic::InputCoding;

LayerShape convolution(int in, int out, int kernel, int stride, int padding, int height, int width,
                       int groups = 1, int dilation = 1) {
  LayerShape shape{.name = "conv",
                   .in_channels = in,
                   .out_channels = out,
                   .kernel_height = kernel,
                   .kernel_width = kernel,
                   .stride = stride,
                   .padding = padding,
                   .dilation = dilation,
                   .groups = groups,
                   .in_height = height,
                   .in_width = width};
  shape.out_height = (height + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
  shape.out_width = (width + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
  return shape;
}

/// A convolution whose two axes and four sides differ in everything.
LayerShape uneven_convolution() {
  LayerShape shape = convolution(4, 6, 3, 1, 0, 9, 8);
  shape.kernel_width = 2;
  shape.stride = {2, 3};
  shape.padding = {0, 1, 2, 4};
  shape.dilation = {1, 2};
  shape.out_height = (9 + 0 + 2 - 3) / 2 + 1;
  shape.out_width = (8 + 1 + 4 - 3) / 3 + 1;
  return shape;
}

/// Small integers, so that every sum of products is exact in float whatever its order.
std::vector<float> integers(std::size_t count, int low, int high, std::uint64_t seed) {
  const Stream stream({.seed = seed});
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] =
        static_cast<float>(low + static_cast<int>(stream.below(as_index(high - low + 1), i)));
  return values;
}

/// The textbook convolution, one loop an index.
std::vector<double> reference(const LayerShape& s, const std::vector<float>& weights,
                              const std::vector<float>& inputs, int images) {
  std::vector<double> out(static_cast<std::size_t>(images * s.positions() * s.out_channels));
  const int ci = s.in_channels / s.groups, co = s.out_channels / s.groups;
  std::size_t at = 0;
  for (int n = 0; n < images; ++n)
    for (int y = 0; y < s.out_height; ++y)
      for (int x = 0; x < s.out_width; ++x)
        for (int o = 0; o < s.out_channels; ++o, ++at)
          for (int c = 0; c < ci; ++c)
            for (int i = 0; i < s.kernel_height; ++i)
              for (int j = 0; j < s.kernel_width; ++j) {
                const int row = y * s.stride.height - s.padding.top + i * s.dilation.height;
                const int column = x * s.stride.width - s.padding.left + j * s.dilation.width;
                if (row < 0 || row >= s.in_height || column < 0 || column >= s.in_width) continue;
                const int channel = o / co * ci + c;
                out[at] +=
                    double{weights[as_index(((o * ci + c) * s.kernel_height + i) * s.kernel_width +
                                            j)]} *
                    inputs[as_index(
                        ((n * s.in_height + row) * s.in_width + column) * s.in_channels + channel)];
              }
  return out;
}

struct Case {
  LayerShape shape;
  std::vector<float> weights, inputs;
  int images;
};

Case make_case(const LayerShape& shape, int images, int lowest_input) {
  return {shape, integers(static_cast<std::size_t>(shape.weights()), -3, 3, 1),
          integers(
              as_index(std::int64_t{images} * shape.in_height * shape.in_width * shape.in_channels),
              lowest_input, 5, 2),
          images};
}

std::vector<float> run(AnalogEngine& engine, const Case& c, std::uint64_t first_image = 0) {
  std::vector<float> outputs(
      static_cast<std::size_t>(c.images * c.shape.positions() * c.shape.out_channels));
  engine.multiply(0, {c.inputs, c.images, first_image}, outputs);
  return outputs;
}

void calibrate(AnalogEngine& engine, const Case& c) {
  engine.begin_calibration();
  run(engine, c);
  engine.end_calibration();
}

CoreDescription ideal(int rows, int columns) {
  return {.kind = "test", .rows = rows, .columns = columns};
}

TEST(AnalogEngine, AnIdealCoreReproducesTheDigitalLayerExactlyForEveryGeometry) {
  const ExactCore core(ideal(7, 11));
  for (const LayerShape& shape :
       {convolution(3, 5, 3, 1, 1, 6, 7), convolution(1, 33, 5, 2, 1, 13, 9),
        convolution(6, 9, 3, 2, 0, 9, 8, 3), convolution(5, 5, 3, 1, 1, 5, 6, 5),
        convolution(4, 6, 3, 1, 2, 9, 9, 1, 2), convolution(19, 70, 1, 1, 0, 3, 2),
        uneven_convolution()}) {
    const Case c = make_case(shape, 3, -4);
    AnalogEngine engine(core, 1, 0);
    engine.load(0, shape, c.weights, 0);
    const std::vector<float> outputs = run(engine, c);
    const std::vector<double> expected = reference(shape, c.weights, c.inputs, 3);
    for (std::size_t i = 0; i < outputs.size(); ++i) ASSERT_EQ(outputs[i], expected[i]) << i;
  }
}

TEST(AnalogEngine, AnyCoreSizeGivesTheSameDigitalResult) {
  const Case c = make_case(convolution(8, 130, 3, 1, 1, 5, 5), 2, 0);
  const std::vector<double> expected = reference(c.shape, c.weights, c.inputs, 2);
  for (const auto& [rows, columns] : {std::pair{1, 1}, {16, 16}, {64, 64}, {48, 100}, {256, 256}}) {
    const ExactCore core(ideal(rows, columns));
    AnalogEngine engine(core, 1, 0);
    engine.load(0, c.shape, c.weights, 0);
    const std::vector<float> outputs = run(engine, c);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      ASSERT_EQ(outputs[i], expected[i]) << rows << " " << i;
  }
}

TEST(AnalogEngine, SignedInputsOnAnIntensityCoreTakeTwoPassesAndAddUp) {
  CoreDescription description = ideal(7, 11);
  description.coding = InputCoding::intensity;
  ExactCore core(description);
  core.scale = 2;  // not 1, so that a forgotten scale shows
  const Case c = make_case(convolution(3, 5, 3, 1, 1, 6, 7), 3, -4);
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  const std::vector<float> outputs = run(engine, c);
  const std::vector<double> expected = reference(c.shape, c.weights, c.inputs, 3);
  // 27 products of at most 15, each with a few roundings of 2^-24 (the division by x_max = 5 is not
  // exact).
  for (std::size_t i = 0; i < outputs.size(); ++i)
    EXPECT_NEAR(outputs[i], expected[i], 27 * 15 * 8 * 0x1p-24);
  EXPECT_EQ(engine.counts().clipped_inputs, 0);
}

TEST(AnalogEngine, LightBeyondTheCalibratedRangeIsCounted) {
  CoreDescription description = ideal(7, 11);
  description.coding = InputCoding::intensity;
  const ExactCore core(description);
  Case c = make_case(convolution(3, 5, 3, 1, 1, 6, 7), 3, 0);
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  c.inputs[10] = 50;
  c.inputs[20] = -1;
  run(engine, c);
  EXPECT_EQ(engine.counts().clipped_inputs, 2);
}

TEST(AnalogEngine, EveryPartialSumIsAWholeNumberOfConverterSteps) {
  CoreDescription description = ideal(8, 9);  // 27 columns: three partial sums an output
  description.output_adc.bits = 4;
  description.output_adc.full_scale = 16;  // steps of 2
  const ExactCore core(description);
  const Case c = make_case(convolution(3, 5, 3, 1, 1, 6, 7), 2, 0);
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  const std::vector<float> outputs = run(engine, c);
  const std::vector<double> exact = reference(c.shape, c.weights, c.inputs, 2);
  std::set<float> levels;
  double worst = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(std::fmod(outputs[i], 2.0F), 0.0F);
    levels.insert(outputs[i]);
    worst = std::max(worst, std::abs(outputs[i] - exact[i]));
  }
  EXPECT_GT(levels.size(), 8U);
  EXPECT_GT(worst, 1);  // three roundings of up to one, and clipping
  EXPECT_EQ(engine.counts().conversions, 3 * static_cast<std::int64_t>(outputs.size()));
  EXPECT_GT(engine.counts().saturated_conversions, 0);
}

TEST(AnalogEngine, ConversionsWithinRangeErrByAtMostHalfAStep) {
  CoreDescription description = ideal(64, 64);  // one tile
  description.output_adc.bits = 10;
  description.output_adc.full_scale = 512;
  const ExactCore core(description);
  Case c = make_case(convolution(3, 5, 3, 1, 1, 6, 7), 2, 0);
  for (float& w : c.weights) w *= 0.37F;
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  const std::vector<float> outputs = run(engine, c);
  const std::vector<double> exact = reference(c.shape, c.weights, c.inputs, 2);
  for (std::size_t i = 0; i < outputs.size(); ++i) EXPECT_NEAR(outputs[i], exact[i], 0.5 + 1e-4);
  EXPECT_EQ(engine.counts().saturated_conversions, 0);
}

TEST(AnalogEngine, InputsAreRoundedToTheLevelsOfTheDac) {
  CoreDescription description = ideal(4, 4);
  description.coding = InputCoding::intensity;
  description.input_dac.bits = 2;  // 0, 1/3, 2/3, 1 of the largest input
  const ExactCore core(description);
  Case c{convolution(1, 1, 1, 1, 0, 1, 6), {1}, {0, 1, 2, 3, 4.6F, 6}, 1};
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  const std::vector<float> expected{0, 0, 2,
                                    4, 4, 6};  // 3 is a tie between 2 and 4: half to even code 2
  const std::vector<float> outputs = run(engine, c);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(outputs[i], expected[i], 1e-5) << i;
}

TEST(AnalogEngine, ReadoutNoiseHasTheStatedVariance) {
  CoreDescription description = ideal(40, 64);
  description.noise = {.additive = 0.3, .shot = 0.2, .relative = 0.1};
  ExactCore core(description);
  core.scale = 2;
  const LayerShape shape = convolution(3, 40, 3, 1, 0, 3, 3);  // one position: input vector of 27
  Case c = make_case(shape, 1, 0);
  AnalogEngine engine(core, 5, 3);
  engine.load(0, shape, c.weights, 0);
  const std::vector<double> exact = reference(shape, c.weights, c.inputs, 1);
  const double power = std::accumulate(c.inputs.begin(), c.inputs.end(), 0.0);
  const int shots = 4000;
  std::vector<double> sum(40), square(40);
  for (int i = 0; i < shots; ++i) {
    const std::vector<float> outputs = run(engine, c, static_cast<std::uint64_t>(i));
    for (std::size_t r = 0; r < 40; ++r) {
      const double error = outputs[r] - exact[r];
      sum[r] += error;
      square[r] += error * error;
    }
  }
  for (std::size_t r = 0; r < 40; ++r) {
    const double unit = exact[r] / 2;  // output in full-scale units
    const double variance = 4 * (0.3 * 0.3 + 0.2 * 0.2 * power + 0.1 * 0.1 * unit * unit);
    EXPECT_NEAR(sum[r] / shots, 0, 4.5 * std::sqrt(variance / shots));  // 4.5 sigma: 80 checks
    EXPECT_NEAR(square[r] / shots, variance, 4.5 * variance * std::sqrt(2.0 / shots));
  }
}

/// Weights of output o of every 7 are 2^-o of the others'.
void thin_out(Case& c) {
  const auto each = c.weights.size() / as_index(c.shape.out_channels);
  for (std::size_t k = 0; k < c.weights.size(); ++k)
    c.weights[k] *= std::exp2(-static_cast<float>(k / each % 7));
}

TEST(AnalogEngine, OutputsWithScalesOfTheirOwnAreTheSameProducts) {
  CoreDescription description = ideal(7, 11);
  description.weight_scales = photonic::WeightScales::output;
  const ExactCore core(description);
  for (const LayerShape& shape :
       {convolution(3, 5, 3, 1, 1, 6, 7), convolution(6, 9, 3, 2, 0, 9, 8, 3),
        convolution(5, 5, 3, 1, 1, 5, 6, 5), convolution(19, 70, 1, 1, 0, 3, 2),
        uneven_convolution()}) {
    Case c = make_case(shape, 3, -4);
    thin_out(c);
    const std::size_t each = c.weights.size() / as_index(shape.out_channels);
    std::fill_n(c.weights.begin() + static_cast<std::ptrdiff_t>(2 * each), each,
                0.0F);  // an output of zeros has a scale too
    AnalogEngine engine(core, 1, 0);
    engine.load(0, shape, c.weights, 0);
    const std::vector<float> outputs = run(engine, c);
    const std::vector<double> expected = reference(shape, c.weights, c.inputs, 3);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto channel = static_cast<float>(i % as_index(shape.out_channels) % 7);
      ASSERT_NEAR(outputs[i], expected[i], 1e-3 * std::exp2(-channel)) << i;
    }
  }
}

TEST(AnalogEngine, NoiseOfAnOutputIsInUnitsOfItsOwnScale) {
  CoreDescription description = ideal(40, 16);  // two tiles of 27 inputs
  description.noise = {.additive = 0.3};
  description.weight_scales = photonic::WeightScales::output;
  const ExactCore core(description);
  Case c = make_case(convolution(3, 40, 3, 1, 0, 3, 3), 1, 0);
  thin_out(c);
  AnalogEngine engine(core, 5, 3);
  engine.load(0, c.shape, c.weights, 0);
  const std::vector<double> exact = reference(c.shape, c.weights, c.inputs, 1);
  std::vector<double> square(40);
  const int shots = 4000;
  for (int i = 0; i < shots; ++i) {
    const std::vector<float> outputs = run(engine, c, static_cast<std::uint64_t>(i));
    for (std::size_t r = 0; r < 40; ++r) square[r] += std::pow(outputs[r] - exact[r], 2);
  }
  for (std::size_t r = 0; r < 40; ++r) {
    double scale = 0;
    for (std::size_t k = 0; k < 27; ++k)
      scale = std::max(scale, std::abs(double{c.weights[r * 27 + k]}));
    const double variance = 2 * std::pow(0.3 * scale, 2);
    EXPECT_NEAR(square[r] / shots, variance, 4.5 * variance * std::sqrt(2.0 / shots)) << r;
  }
}

TEST(AnalogEngine, ShotNoiseFollowsTheLightOfEachTileWhereverItCutsPixels) {
  for (const int columns :
       {16, 18}) {  // pixels of 3 channels: cut by tiles of 16, whole in tiles of 18
    CoreDescription description = ideal(40, columns);
    description.noise = {.shot = 0.2};
    const ExactCore core(description);
    const LayerShape shape = convolution(3, 40, 3, 1, 0, 3, 3);
    const Case c = make_case(shape, 1, 0);
    AnalogEngine engine(core, 5, 3);
    engine.load(0, shape, c.weights, 0);
    const std::vector<double> exact = reference(shape, c.weights, c.inputs, 1);
    const double power = std::accumulate(c.inputs.begin(), c.inputs.end(), 0.0);
    double square = 0;
    const int shots = 500;
    for (int i = 0; i < shots; ++i) {
      const std::vector<float> outputs = run(engine, c, static_cast<std::uint64_t>(i));
      for (std::size_t r = 0; r < 40; ++r) square += std::pow(outputs[r] - exact[r], 2);
    }
    const double variance = 0.2 * 0.2 * power;  // of both tiles together
    EXPECT_NEAR(square / (40 * shots), variance, 4 * variance * std::sqrt(2.0 / (40 * shots)))
        << columns;
  }
}

TEST(AnalogEngine, LaserNoiseIsCommonToTheOutputsOfAPosition) {
  CoreDescription description = ideal(64, 64);
  description.noise = {.relative = 0.1};
  const ExactCore core(description);
  const Case c = make_case(convolution(3, 33, 3, 1, 1, 9, 9), 1, 1);
  AnalogEngine engine(core, 5, 3);
  engine.load(0, c.shape, c.weights, 0);
  const std::vector<float> outputs = run(engine, c);
  const std::vector<double> exact = reference(c.shape, c.weights, c.inputs, 1);
  std::set<double> factors;
  for (std::size_t p = 0; p < 81; ++p) {
    double factor = 0;
    for (std::size_t i = 33 * p; i < 33 * (p + 1); ++i) {
      if (exact[i] == 0) continue;
      if (factor == 0) factor = outputs[i] / exact[i];
      EXPECT_NEAR(outputs[i] / exact[i], factor, 1e-5);
    }
    factors.insert(factor);
  }
  EXPECT_EQ(factors.size(), 81U);
}

TEST(AnalogEngine, NoiseOfEachPartialSumIsIndependent) {
  CoreDescription description = ideal(64, 9);  // three column tiles
  description.noise = {.additive = 1};
  const ExactCore core(description);
  const Case c = make_case(convolution(3, 33, 3, 1, 1, 13, 13), 8, 0);
  AnalogEngine engine(core, 5, 3);
  engine.load(0, c.shape, c.weights, 0);
  const std::vector<float> outputs = run(engine, c);
  const std::vector<double> exact = reference(c.shape, c.weights, c.inputs, 8);
  double square = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) square += std::pow(outputs[i] - exact[i], 2);
  const auto n = static_cast<double>(outputs.size());
  EXPECT_NEAR(square / n, 3, 4 * 3 * std::sqrt(2 / n));
}

TEST(AnalogEngine, TheConverterHasOneCodeMoreBelowZeroThanAboveAndCountsWhatIsBeyond) {
  CoreDescription description = ideal(4, 4);
  description.output_adc.bits = 2;
  description.output_adc.full_scale = 4;  // codes -2, -1, 0, 1 in steps of 2
  const ExactCore core(description);
  const Case c{convolution(1, 1, 1, 1, 0, 1, 6), {1}, {-9, -4.9F, -2.1F, 0.9F, 2.9F, 3.1F}, 1};
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  EXPECT_EQ(run(engine, c), (std::vector<float>{-4, -4, -2, 0, 2, 2}));
  EXPECT_EQ(engine.counts().saturated_conversions,
            2);  // -9 and 3.1 lie more than half a step outside
}

TEST(AnalogEngine, NoiseOfLaterPositionsDoesNotRepeatThatOfEarlierOnes) {
  CoreDescription description = ideal(4, 4);
  description.noise = {.additive = 1};
  const ExactCore core(description);
  const Case c{convolution(1, 1, 1, 1, 0, 40, 40), {1}, std::vector<float>(1600, 0.0F), 1};
  AnalogEngine engine(core, 1, 0);
  engine.load(0, c.shape, c.weights, 0);
  const std::vector<float> outputs = run(engine, c);
  EXPECT_EQ(std::set<float>(outputs.begin(), outputs.end()).size(), outputs.size());
}

TEST(AnalogEngine, ResultsDependNeitherOnBatchSizeNorOnThreads) {
  CoreDescription description = ideal(16, 16);
  description.coding = InputCoding::intensity;
  description.input_dac.bits = 6;
  description.output_adc.bits = 7;
  description.noise = {.additive = 0.05, .shot = 0.02, .relative = 0.01};
  const ExactCore core(description);
  const Case c =
      make_case(convolution(3, 20, 3, 1, 1, 17, 17), 6, -2);  // 289 positions: two blocks
  AnalogEngine engine(core, 9, 1);
  engine.load(0, c.shape, c.weights, 0);
  calibrate(engine, c);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const std::vector<float> whole = run(engine, c, 100);
  for (const int count : {2, 4}) {
    omp_set_num_threads(count);
    EXPECT_EQ(run(engine, c, 100), whole);
  }
  omp_set_num_threads(threads);
  std::vector<float> pieces;
  for (int i = 0; i < 6; ++i) {
    const std::size_t size = c.inputs.size() / 6;
    const Case one{c.shape,
                   c.weights,
                   {c.inputs.begin() + static_cast<std::ptrdiff_t>(size) * i,
                    c.inputs.begin() + static_cast<std::ptrdiff_t>(size) * (i + 1)},
                   1};
    const std::vector<float> outputs = run(engine, one, 100 + static_cast<std::uint64_t>(i));
    pieces.insert(pieces.end(), outputs.begin(), outputs.end());
  }
  EXPECT_EQ(pieces, whole);
  EXPECT_NE(run(engine, c, 101), whole);
}

TEST(AnalogEngine, AnUncalibratedConverterIsRefused) {
  CoreDescription description = ideal(16, 16);
  description.output_adc.bits = 8;
  const ExactCore core(description);
  const Case c = make_case(convolution(3, 5, 3, 1, 1, 6, 7), 1, 0);
  AnalogEngine engine(core, 9, 1);
  engine.load(0, c.shape, c.weights, 0);
  EXPECT_THROW(run(engine, c), Error);
}

}  // namespace
}  // namespace lightloom::cosim
