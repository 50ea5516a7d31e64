#include <gtest/gtest.h>

#include <cmath>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::cosim {
namespace {

/// A layer of 50 inputs and 21 outputs on tiles of 16 x 24: several each way, none of them full.
nn::LayerShape product_shape() {
  return {.name = "product",
          .in_channels = 50,
          .out_channels = 21,
          .kernel_height = 1,
          .kernel_width = 1,
          .in_height = 1,
          .in_width = 1,
          .out_height = 1,
          .out_width = 1};
}

std::unique_ptr<photonic::TensorCore> sliced_core(const std::string& keys) {
  return photonic::make_core(read_card<photonic::CoreCard>(
      parse_yaml("{kind: cell-crossbar, rows: 16, columns: 24, " + keys + "}", "slices_test")));
}

std::vector<float> spread(std::size_t count, std::uint64_t seed) {
  const Stream stream({.seed = seed});
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(stream.normal(i));
  return values;
}

constexpr int many = 64;

struct Products {
  std::vector<float> weights = spread(21 * 50, 1), inputs = spread(many * 50, 2);
  std::vector<float> outputs = std::vector<float>(many * 21);
  AnalogCounts counts;
};
Products multiply_on(const photonic::TensorCore& core, int batch = many) {
  Products p;
  AnalogEngine engine(core, 5, 0);
  const nn::LayerShape shape = product_shape();
  engine.load(0, shape, p.weights, 0);
  engine.begin_calibration();
  engine.multiply(0, {p.inputs, many, 0}, p.outputs);
  engine.end_calibration();
  for (int first = 0; first < many; first += batch)
    engine.multiply(0,
                    {std::span(p.inputs).subspan(static_cast<std::size_t>(first) * 50,
                                                 static_cast<std::size_t>(batch) * 50),
                     batch, static_cast<std::uint64_t>(first)},
                    std::span(p.outputs).subspan(static_cast<std::size_t>(first) * 21,
                                                 static_cast<std::size_t>(batch) * 21));
  p.counts = engine.counts();
  return p;
}

double rms_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

TEST(Slices, AreConvertedOneByOneAndAddedDigitally) {
  // Two digits of 3 bits, converters of 5 bits over a fixed range: an independent loop over tiles,
  // digits and inputs. The DAC is ideal but for its range.
  const auto core =
      sliced_core("cells: {slices: 2, level_bits: 3}, output_adc: {bits: 5, full_scale: 6}");
  const Products got = multiply_on(*core);
  float top = 0;
  for (const float x : got.inputs) top = std::max(top, std::abs(x));
  for (std::size_t v = 0; v < many; ++v)
    for (std::size_t r = 0; r < 21; ++r) {
      double sum = 0;
      for (std::size_t first = 0; first < 50; first += 24) {
        const std::size_t row0 = r < 16 ? 0 : 16, end = std::min<std::size_t>(50, first + 24);
        double largest = 0;  // of the tile
        for (std::size_t i = row0; i < std::min<std::size_t>(21, row0 + 16); ++i)
          for (std::size_t c = first; c < end; ++c)
            largest = std::max<double>(largest, std::abs(got.weights[i * 50 + c]));
        for (int digit = 0; digit < 2; ++digit) {
          double current = 0;
          for (std::size_t c = first; c < end; ++c) {
            const double w = got.weights[r * 50 + c] / largest;
            const auto number = std::lround(std::abs(w) * 63);
            const auto value = digit == 0 ? number % 8 : number / 8;
            current +=
                got.inputs[v * 50 + c] / top * std::copysign(static_cast<double>(value) / 7, w);
          }
          const double step = 6.0 / 16, code = std::clamp(std::rint(current / step), -16.0, 15.0);
          sum += code * step * largest * top * (digit == 0 ? 7 : 56) / 63;
        }
      }
      // A sum on the edge between two codes may fall to either side in single precision.
      EXPECT_NEAR(got.outputs[v * 21 + r], sum, 1e-3 * std::abs(sum) + 1e-3) << v << " " << r;
    }
  // Three tiles of inputs, two digits each.
  EXPECT_EQ(got.counts.conversions, many * 21 * 3 * 2);
}

TEST(Slices, FindARangeOfTheirOwnAndLoseLittleByIt) {
  const Products exact = multiply_on(*sliced_core("cells: {slices: 2, level_bits: 4}"));
  const auto error = [&](const std::string& adc) {
    return rms_difference(
        multiply_on(*sliced_core("cells: {slices: 2, level_bits: 4}, output_adc: " + adc)).outputs,
        exact.outputs);
  };
  EXPECT_LT(error("{bits: 8}"), error("{bits: 8, full_scale: 24}") / 2);
  EXPECT_NEAR(error("{bits: 9}") / error("{bits: 10}"), 2, 0.5);
}

TEST(Readings, AverageTheirNoiseAndAreCounted) {
  const std::string noise = "cells: {integrator_noise: 0.5}";
  const Products exact = multiply_on(*sliced_core("cells: {}"));
  const auto error = [&](int readings) {
    return rms_difference(
        multiply_on(*sliced_core(noise + ", readings: " + std::to_string(readings))).outputs,
        exact.outputs);
  };
  // many * 21 values: a ratio of two such deviations is known to 1 / sqrt(n).
  const double once = error(1), tolerance = 4 / std::sqrt(many * 21.0);
  EXPECT_NEAR(once / error(4), 2, 2 * tolerance);
  EXPECT_NEAR(once / error(25), 5, 5 * tolerance);
  const Products converted =
      multiply_on(*sliced_core(noise + ", readings: 3, output_adc: {bits: 8}"));
  EXPECT_EQ(converted.counts.conversions, many * 21 * 3 * 3);
}

TEST(Readings, NoiseOfCellsIsTheirLaw) {
  // sigma of a cell 0.05 g at one growth: t + t_r = 2 t_r e.
  const std::string fit =
      "cells: {fits: [{gmax_uS: 10, reading: {time_s: 1, relative: [{polynomial: [0.05]}]}}], "
      "elapsed_s: 4.43656365691809";
  const Products exact = multiply_on(*sliced_core("cells: {}"));
  const Products got = multiply_on(*sliced_core(fit + "}"));
  double law = 0;
  for (std::size_t v = 0; v < many; ++v)
    for (std::size_t r = 0; r < 21; ++r)
      for (std::size_t c = 0; c < 50; ++c)
        law += std::pow(0.05 * got.weights[r * 50 + c] * got.inputs[v * 50 + c], 2);
  law = std::sqrt(law / (many * 21));
  EXPECT_NEAR(rms_difference(got.outputs, exact.outputs) / law, 1, 4 / std::sqrt(2.0 * many * 21));
}

TEST(Readings, NeitherBatchesNorSlicesShareNoise) {
  const auto core = sliced_core(
      "cells: {slices: 2, level_bits: 3, integrator_noise: 0.1}, readings: 3, "
      "output_adc: {bits: 8}");
  EXPECT_EQ(multiply_on(*core).outputs, multiply_on(*core, 16).outputs);
}

}  // namespace
}  // namespace lightloom::cosim
