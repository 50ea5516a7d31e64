#include "cosim/analog/readout/converter_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "tests/cosim/exact_core.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

using nn::LayerShape;
using photonic::ConverterCurve;
using photonic::CoreDescription;
using photonic::InputCoding;

constexpr std::uint64_t seed = 11;
constexpr std::uint32_t chip = 3;

std::vector<float> run_converted(const photonic::TensorCore& core, const LayerShape& shape,
                                 const std::vector<float>& weights,
                                 const std::vector<float>& inputs, AnalogCounts* counts = nullptr) {
  AnalogEngine engine(core, seed, chip);
  std::vector<float> outputs(static_cast<std::size_t>(shape.positions() * shape.out_channels));
  engine.load(0, shape, weights, 0);
  engine.begin_calibration();
  engine.multiply(0, {inputs, 1, 0}, outputs);
  engine.end_calibration();
  engine.multiply(0, {inputs, 1, 0}, outputs);
  if (counts != nullptr) *counts = engine.counts();
  return outputs;
}

TEST(ConverterErrors, EveryAdcReadsThroughItsOwnCurve) {
  // 37 outputs that see the same ramp of inputs past both ends of the range, on 37 converters.
  constexpr int rows = 37;
  constexpr double full_scale = 2, half = 32, step = full_scale / half;
  CoreDescription description{.kind = "test", .rows = rows, .columns = 1};
  description.output_adc = {.bits = 6, .full_scale = full_scale};
  description.output_adc.offset_lsb = 2;
  description.output_adc.gain_sigma = 0.05;
  description.output_adc.inl_lsb = 1.5;
  const LayerShape shape{
      .name = "ramp", .in_channels = 1, .out_channels = rows, .in_width = 101, .out_width = 101};
  std::vector<float> ramp;
  for (int i = -50; i <= 50; ++i) ramp.push_back(0.0437F * static_cast<float>(i));
  AnalogCounts counts;
  const std::vector<float> outputs =
      run_converted(ExactCore(description), shape, std::vector<float>(rows, 1.0F), ramp, &counts);
  const auto curves =
      photonic::draw_curves(description.output_adc, photonic::adc_address(seed, chip), rows);
  std::int64_t outside = 0;
  for (std::size_t i = 0; i < ramp.size(); ++i)
    for (std::size_t r = 0; r < rows; ++r) {
      const double level = ramp[i] / step, u = std::clamp(level / half, -1.0, 1.0);
      const ConverterCurve& c = curves[r];
      const double seen = level * (1 + c.gain) + c.offset_lsb + c.bow_lsb * (1 - u * u) +
                          c.bend_lsb * 1.5 * std::sqrt(3.0) * (u - u * u * u);
      const double code = std::clamp(std::round(seen), -half, half - 1);
      outside += std::round(seen) == code ? 0 : 1;
      // A level within float rounding of a decision may fall to either side.
      const double edge = std::abs(seen - std::floor(seen) - 0.5);
      EXPECT_NEAR(outputs[i * rows + r], code * step, edge < 1e-4 ? 1.01 * step : 1e-5);
    }
  EXPECT_NEAR(static_cast<double>(counts.saturated_conversions), static_cast<double>(outside), 2);
  EXPECT_GT(outside, 100);
}

TEST(ConverterErrors, EveryDacSendsThroughItsOwnCurve) {
  // A 3 x 3 convolution with padding: every pixel meets nine DACs, and padding is a code 0 like
  // any other. Signed inputs on intensities: two passes, no DAC sends less than no light.
  for (const InputCoding coding : {InputCoding::field, InputCoding::intensity}) {
    CoreDescription description{.kind = "test", .rows = 4, .columns = 18, .coding = coding};
    description.input_dac = {.bits = 5};
    description.input_dac.offset_lsb = 0.7;
    description.input_dac.gain_sigma = 0.03;
    description.input_dac.inl_lsb = 0.5;
    const LayerShape shape{.name = "conv",
                           .in_channels = 2,
                           .out_channels = 4,
                           .kernel_height = 3,
                           .kernel_width = 3,
                           .padding = 1,
                           .in_height = 5,
                           .in_width = 4,
                           .out_height = 5,
                           .out_width = 4};
    std::vector<float> weights(static_cast<std::size_t>(shape.weights())), map(40);
    fill_normal(Stream({.seed = 1}), 0, weights);
    fill_normal(Stream({.seed = 2}), 0, map);
    const std::vector<float> outputs = run_converted(ExactCore(description), shape, weights, map);

    const auto curves =
        photonic::draw_curves(description.input_dac, photonic::dac_address(seed, chip), 18);
    const bool intensity = coding == InputCoding::intensity;
    float largest = 0;
    for (const float x : map) largest = std::max(largest, std::abs(x));
    const double levels = intensity ? 31 : 15;
    const auto sent = [&](double x, std::size_t column, int sign) {
      double code =
          std::nearbyint(std::clamp(sign * x / largest, intensity ? 0.0 : -1.0, 1.0) * levels);
      const double u = intensity ? 2 * code / levels - 1 : code / levels;
      const ConverterCurve& c = curves[column];
      code += c.gain * code + c.offset_lsb + c.bow_lsb * (1 - u * u) +
              c.bend_lsb * 1.5 * std::sqrt(3.0) * (u - u * u * u);
      return sign * (intensity ? std::max(0.0, code) : code) / levels * largest;
    };
    for (int y = 0; y < 5; ++y)
      for (int x = 0; x < 4; ++x)
        for (int o = 0; o < 4; ++o) {
          double sum = 0, size = 0;
          for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
              for (int c = 0; c < 2; ++c) {
                const int row = y + i - 1, column = x + j - 1;
                const bool dark = row < 0 || row >= 5 || column < 0 || column >= 4;
                const double value = dark ? 0.0 : map[as_index((row * 4 + column) * 2 + c)];
                const auto dac = as_index((i * 3 + j) * 2 + c);
                const double w = weights[as_index(((o * 2 + c) * 3 + i) * 3 + j)];
                const double light = sent(value, dac, 1) + (intensity ? sent(value, dac, -1) : 0);
                sum += w * light;
                size += std::abs(w * light);
              }
          // Float sums of 18 (36) terms.
          EXPECT_NEAR(outputs[static_cast<std::size_t>((y * 4 + x) * 4 + o)], sum,
                      36 * 6e-8 * (size + std::abs(sum)))
              << intensity << y << x << o;
        }
  }
}

TEST(ConverterErrors, StayWithTheChipAndLeaveOtherDrawsAlone) {
  CoreDescription description{.kind = "test", .rows = 3, .columns = 3};
  description.noise = {.additive = 0.1};
  const LayerShape shape{.name = "one", .in_channels = 3, .out_channels = 3};
  const std::vector<float> weights{1, 0, 0, 0, 1, 0, 0, 0, 1}, inputs{0.5F, -0.25F, 1};
  const std::vector<float> noisy = run_converted(ExactCore(description), shape, weights, inputs);
  // An offset alone, of a converter so fine that its rounding does not show.
  description.output_adc = {.bits = 16, .full_scale = 2};
  description.output_adc.offset_lsb = 300;
  const std::vector<float> moved = run_converted(ExactCore(description), shape, weights, inputs);
  const auto curves =
      photonic::draw_curves(description.output_adc, photonic::adc_address(seed, chip), 3);
  const float step = 2.0F / 32768;
  for (std::size_t r = 0; r < 3; ++r)
    EXPECT_NEAR(moved[r] - noisy[r], curves[r].offset_lsb * step, 0.51 * step + 1e-6);
  EXPECT_EQ(moved, run_converted(ExactCore(description), shape, weights, inputs));
}

}  // namespace
}  // namespace lightloom::cosim
