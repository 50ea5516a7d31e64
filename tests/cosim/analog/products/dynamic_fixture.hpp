#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "tests/cosim/exact_core.hpp"

namespace lightloom::cosim {

/// 5 weights and 3 vectors of 4 inputs a symbol, two symbols a conversion; nothing is noisy.
inline photonic::CoreDescription dynamic_core_of_test() {
  photonic::CoreDescription core{
      .kind = "test", .rows = 5, .columns = 8, .coding = photonic::InputCoding::field};
  core.operands = {.vectors = 3, .symbol_columns = 4};
  return core;
}

/// Numbers in (-1, 1) with one of +-1, so that ranges are 1.
inline std::vector<float> uniform_values(std::size_t count, std::uint64_t seed, float lowest = -1) {
  const Stream stream({.seed = seed});
  std::vector<float> values(count);
  for (std::size_t k = 0; k < count; ++k)
    values[k] = static_cast<float>(lowest + (1 - lowest) * stream.uniform(k));
  values[0] = lowest < 0 ? -1.0F : 1.0F;
  return values;
}

/// A product of maps of every image: groups of (positions, inner) with (outer, inner).
struct TestProduct {
  nn::LayerShape shape;
  int images = 1;
  std::vector<float> inputs, weights;

  TestProduct(int groups, int positions, int inner, int outer, int count = 1, float lowest = -1)
      : images(count) {
    shape = {.name = "product",
             .in_channels = groups * inner,
             .out_channels = groups * outer,
             .groups = groups,
             .in_height = positions,
             .in_width = 1};
    shape.out_height = positions;
    shape.out_width = 1;
    const auto size = [count](int a, int b) {
      return static_cast<std::size_t>(count) * static_cast<std::size_t>(a) *
             static_cast<std::size_t>(b);
    };
    inputs = uniform_values(size(positions, groups * inner), 1, lowest);
    weights = uniform_values(size(groups * outer, inner), 2);
  }

  [[nodiscard]] std::vector<float> on(AnalogEngine& engine, std::uint64_t first_image = 0,
                                      int number = 40) const {
    std::vector<float> outputs(static_cast<std::size_t>(images) *
                               static_cast<std::size_t>(shape.positions() * shape.out_channels));
    EXPECT_TRUE(
        engine.multiply_maps({number, shape, inputs, weights, images, first_image, outputs}));
    return outputs;
  }
  void calibrate(AnalogEngine& engine, int number = 40) const {
    engine.begin_calibration();
    const std::vector<float> ignored = on(engine, 0, number);
    engine.end_calibration();
  }

  /// Calls `use(output number, position's inputs, row's weights)` for every output.
  template <class Use>
  void for_each_output(const Use& use) const {
    const int inner = shape.in_channels / shape.groups, outer = shape.out_channels / shape.groups;
    std::size_t at = 0;
    for (int i = 0; i < images; ++i)
      for (int p = 0; p < shape.in_height; ++p)
        for (int o = 0; o < shape.out_channels; ++o, ++at)
          use(at,
              inputs.data() + (std::ptrdiff_t{i} * shape.in_height + p) * shape.in_channels +
                  o / outer * inner,
              weights.data() + (std::ptrdiff_t{i} * shape.out_channels + o) * inner);
  }
  [[nodiscard]] std::vector<double> exact() const {
    std::vector<double> sums(static_cast<std::size_t>(images) *
                             static_cast<std::size_t>(shape.positions() * shape.out_channels));
    const int inner = shape.in_channels / shape.groups;
    for_each_output([&](std::size_t at, const float* x, const float* w) {
      for (int k = 0; k < inner; ++k) sums[at] += double{x[k]} * w[k];
    });
    return sums;
  }
};

}  // namespace lightloom::cosim
