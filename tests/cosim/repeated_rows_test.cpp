// Rows of weights that come again: the core has them once, in accuracy as in cost.
#include "cosim/repeated_rows.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cosim/analog/chip.hpp"
#include "nn/data/batch.hpp"
#include "photonic/cores/core_card.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

/// Multiplies the first input of every position with the weights it has, and errs by the row.
struct ErringEngine final : nn::MatrixEngine {
  void load(int, const nn::LayerShape& shape, std::span<const float> given,
            std::uint32_t) override {
    rows = as_index(shape.out_channels);
    weights.assign(given.begin(), given.end());
  }
  void multiply(int, const nn::InputMaps& inputs, std::span<float> outputs) override {
    const std::size_t columns = weights.size() / rows;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      outputs[i] = weights[i % rows * columns] * inputs.values[i / rows * columns] +
                   0.01F * static_cast<float>(i);
  }
  std::size_t rows = 1;
  std::vector<float> weights;
};

nn::LayerShape pointwise(int in, int out, int positions) {
  return {.name = "layer",
          .in_channels = in,
          .out_channels = out,
          .in_height = positions,
          .in_width = 1,
          .out_height = positions,
          .out_width = 1};
}

// Three runs of two rows, the second three times the first, the third none of it: the second goes
// to the core, and all of its error is in the others, by their factors.
TEST(RepeatedRows, ShareWeightsAndErrorsOfTheLargestRun) {
  const std::vector<float> run{1, -1, 1, 1};
  std::vector<float> weights;
  for (const float factor : {1.0F, 3.0F, 0.0F})
    for (const float w : run) weights.push_back(factor * w);
  ErringEngine core;
  RepeatedRows engine(core, {3, 1});
  engine.load(0, pointwise(2, 6, 4), weights, 0);
  EXPECT_EQ(core.rows, 2U);
  EXPECT_EQ(core.weights, (std::vector<float>{3, -3, 3, 3}));
  const std::vector<float> inputs{1, 0, 2, 0, 3, 0, 4, 0};
  std::vector<float> outputs(4 * 6), once(4 * 2);
  engine.multiply(0, {.values = inputs, .images = 1}, outputs);
  core.multiply(0, {.values = inputs, .images = 1}, once);
  for (std::size_t v = 0; v < 4; ++v)
    for (std::size_t r = 0; r < 2; ++r) {
      EXPECT_FLOAT_EQ(outputs[6 * v + r], once[2 * v + r] / 3);
      EXPECT_EQ(outputs[6 * v + 2 + r], once[2 * v + r]);
      EXPECT_EQ(outputs[6 * v + 4 + r], 0);
    }
  engine.load(1, pointwise(2, 6, 4), weights, 0);  // a layer of another source
  EXPECT_EQ(core.weights, weights);
}

/// A convolution of so many outputs and a classifier whose rows do not repeat.
nn::Network tiled_network(int outputs, int repeats) {
  nn::GraphBuilder net("tiled", {28, 28, 1});
  const int first = net.convolution("a", 0, {.channels = outputs, .kernel = 5, .stride = 4});
  net.linear("c", net.flatten(net.relu(first)), 7, true);
  return nn::Network(std::move(net).finish(),
                     read_card<nn::SourceCard>(parse_yaml(
                         fmt::format("{{source: tiled, tiled: {{repeats: {}}}}}", repeats), "t")),
                     7);
}

AnalogCounts counts_of(nn::Network network, const photonic::TensorCore& core) {
  const nn::Dataset data =
      nn::load_dataset({.name = "glyphs", .train_limit = 40, .test_limit = 9}, 3);
  Chip chip(core, network, {}, {5, 2});
  nn::Inference inference(network, &chip.engine());
  chip.calibrate(inference, data, 16);
  nn::for_each_batch(data.test, {0, 9}, 9,
                     [&](const nn::Batch& batch, std::size_t) { inference.forward(batch.images); });
  return chip.counts();
}

// As many conversions and tiles as of the run alone: what the cost simulation counts.
TEST(RepeatedRows, AreProgrammedAndConvertedOnceOnAChip) {
  const auto core = photonic::make_core(read_card<photonic::CoreCard>(
      load_card(LIGHTLOOM_SOURCE_DIR "/data/devices/mrr-bank.yaml", {"rows=16", "columns=16"})));
  const std::int64_t classifier = 7, positions = 6 * 6;
  const AnalogCounts plain = counts_of(tiled_network(12, 1), *core),
                     tiled = counts_of(tiled_network(12, 4), *core);
  const std::int64_t columns = 2;  // 25 inputs on tiles of 16
  EXPECT_EQ(plain.conversions - tiled.conversions, 9 * (12 - 3) * positions * columns);
  EXPECT_GT(tiled.conversions, 9 * 3 * positions * columns + 9 * classifier);
}

}  // namespace
}  // namespace lightloom::cosim
