#include "cosim/generator/optical_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cosim/generator/optical_generator.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/source_card.hpp"
#include "tests/cosim/generator/generator_fixture.hpp"

namespace lightloom::cosim {
namespace {

/// Remembers what it was loaded with.
struct RecordingEngine final : nn::MatrixEngine {
  void load(int layer, const nn::LayerShape&, std::span<const float> weights,
            std::uint32_t) override {
    loaded.resize(std::max<std::size_t>(loaded.size(), static_cast<std::size_t>(layer) + 1));
    loaded[static_cast<std::size_t>(layer)].assign(weights.begin(), weights.end());
  }
  void multiply(int layer, const nn::InputMaps&, std::span<float>) override { multiplied = layer; }
  std::vector<std::vector<float>> loaded;
  int multiplied = -1;
};

std::unique_ptr<nn::WeightSource> source_for(const nn::LayerShape& shape, const char* kind) {
  nn::SourceCard card;
  card.source = kind;
  card.settings.of<nn::MultilevelCard>().intra = 2;
  card.settings.of<nn::MultilevelCard>().cross = 8;
  auto source = nn::make_source(card, shape);
  const Stream stream({.seed = 1});
  std::vector<float> dense(static_cast<std::size_t>(shape.weights()));
  for (std::size_t i = 0; i < dense.size(); ++i)
    dense[i] = static_cast<float>(0.1 * stream.normal(i));
  source->encode(dense);
  return source;
}

TEST(OpticalWeights, OnlyGeneratedLayersGetTheGeneratorsNoise) {
  const nn::LayerShape shape{.name = "conv",
                             .in_channels = 16,
                             .out_channels = 24,
                             .kernel_height = 3,
                             .kernel_width = 3,
                             .in_height = 5,
                             .in_width = 5,
                             .out_height = 3,
                             .out_width = 3};
  const auto generated = source_for(shape, "multilevel");
  const auto stored = source_for(shape, "dense");
  RecordingEngine engine;
  const GeneratorCard card = card_of(round_generator());
  OpticalWeights optical(engine, {generated.get(), stored.get()}, card, {3, 1});
  std::vector<float> weights(static_cast<std::size_t>(shape.weights()));
  generated->materialise(weights);
  optical.load(0, shape, weights, 4);
  std::vector<float> made(weights.size());
  regenerate_optically(*generated->factors(), card, {{.seed = 3, .chip = 1, .layer = 0}, 4}, made);
  EXPECT_EQ(engine.loaded[0], made);
  EXPECT_NE(engine.loaded[0], weights);
  EXPECT_DOUBLE_EQ(optical.effective_bits_by_layer()[0], effective_bits(weights, made));
  stored->materialise(weights);
  optical.load(1, shape, weights, 0);
  EXPECT_EQ(engine.loaded[1], weights);
  EXPECT_TRUE(std::isnan(optical.effective_bits_by_layer()[1]));
  optical.multiply(1, {{}, 0, 0}, {});
  EXPECT_EQ(engine.multiplied, 1);
}

TEST(OpticalWeights, WithoutNoiseEveryKindOfLayerIsItsMaterialisedWeight) {
  for (const int groups : {1, 2, 12}) {
    const nn::LayerShape shape{.name = "conv",
                               .in_channels = 12,
                               .out_channels = 24,
                               .kernel_height = 3,
                               .kernel_width = 3,
                               .groups = groups};
    const auto source = source_for(shape, "multilevel");
    RecordingEngine engine;
    OpticalWeights optical(engine, {source.get()}, card_of(quiet_generator()), {3, 1});
    std::vector<float> weights(static_cast<std::size_t>(shape.weights()));
    source->materialise(weights);
    optical.load(0, shape, weights, 0);
    ASSERT_TRUE(source->factors().has_value());
    for (std::size_t i = 0; i < weights.size(); ++i)
      ASSERT_NEAR(engine.loaded[0][i], weights[i], 1e-4) << groups;
  }
}

}  // namespace
}  // namespace lightloom::cosim
