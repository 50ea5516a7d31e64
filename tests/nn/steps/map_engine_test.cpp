#include "nn/steps/map_engine.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/inference/inference.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

/// Takes products of maps, and computes them by their definition.
class MapEngine final : public reference::SlowEngine {
 public:
  bool multiply_maps(const MapProduct& maps) override {
    numbers.push_back(maps.number);
    firsts_of_products.push_back(maps.first_image);
    const auto images = static_cast<std::size_t>(maps.images);
    const std::size_t in = maps.inputs.size() / images, weights = maps.weights.size() / images,
                      out = maps.outputs.size() / images;
    for (std::size_t i = 0; i < images; ++i) {
      const auto x = maps.inputs.subspan(i * in, in),
                 w = maps.weights.subspan(i * weights, weights);
      const reference::Doubles y =
          reference::product(maps.shape, 1, {x.begin(), x.end()}, {w.begin(), w.end()});
      std::copy(y.begin(), y.end(), maps.outputs.begin() + static_cast<std::ptrdiff_t>(i * out));
    }
    return true;
  }
  std::vector<int> numbers;
  std::vector<std::uint64_t> firsts_of_products;
};

/// Attention of three heads over 15 tokens, and products of rows of maps.
Graph products_of_maps() {
  GraphBuilder net("products", {5, 3, 4});
  const int stem = net.convolution("stem", 0, {.channels = 12});
  const int q = net.convolution("q", stem, {.channels = 12}),
            k = net.convolution("k", stem, {.channels = 12, .stride = 2}),
            v = net.convolution("v", stem, {.channels = 12, .stride = 2});
  const int mixed = net.attention(q, k, v, 3);
  const int left = net.convolution("left", mixed, {.channels = 7}),
            right = net.constant("right", {5, 7, 2});
  net.linear("fc", net.flatten(net.matrix_product(left, right)), 6, true);
  return std::move(net).finish();
}

Tensor some_images(int count) {
  Tensor images({count, {5, 3, 4}});
  const Stream stream({.seed = 8});
  for (std::size_t k = 0; k < images.values().size(); ++k)
    images.values()[k] = static_cast<float>(stream.normal(k));
  return images;
}

TEST(MapEngine, ProductsThroughAnEngineAreThoseOfTheNetwork) {
  Network network(products_of_maps(), {.source = "dense"}, 3);
  for (auto* parameter : network.parameters()) {  // constants too, each value another one
    float k = 0;
    for (float& value : parameter->value) value += 0.1F * std::sin(k++);
  }
  const Tensor images = some_images(2);
  Inference digital(network);
  MapEngine engine;
  Inference analog(network, &engine);
  const Tensor& expected = digital.forward(images);
  const Tensor& found = analog.forward(images, 17);
  // Sums of up to 15 products, three layers and two products deep.
  for (std::size_t k = 0; k < expected.values().size(); ++k)
    EXPECT_NEAR(found.values()[k], expected.values()[k], 1e-4) << k;
  ASSERT_EQ(engine.numbers.size(), 3U);
  EXPECT_EQ(engine.firsts_of_products, std::vector<std::uint64_t>(3, 17));
}

TEST(MapEngine, EveryProductHasANumberBehindThoseOfAllLayers) {
  Network network(products_of_maps(), {.source = "dense"}, 3);
  MapEngine engine;
  Inference analog(network, &engine);
  analog.forward(some_images(1));
  analog.forward(some_images(1));
  const int layers = static_cast<int>(network.weight_layers().size());
  const std::vector<int> counted{layers, layers + 1, layers + 2, layers, layers + 1, layers + 2};
  EXPECT_EQ(engine.numbers, counted);
}

TEST(MapEngine, NumbersAreApartWhereProductsFollowEachOtherAheadOfManyLayers) {
  GraphBuilder net("first", {5, 3, 4});
  const int right = net.constant("right", {5, 4, 4});
  int last = net.matrix_product(net.attention(0, 0, 0, 2), right);
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"})
    last = net.convolution(name, last, {.channels = 4});
  Network network(std::move(net).finish(), {.source = "dense"}, 3);
  MapEngine engine;
  Inference analog(network, &engine);
  analog.forward(some_images(1));
  // Eleven layers, then attention's two and the product behind it.
  EXPECT_EQ(engine.numbers, (std::vector<int>{11, 12, 13}));
}

TEST(MapEngine, WhoLeavesProductsAloneKeepsThemToTheBit) {
  Network network(products_of_maps(), {.source = "dense"}, 3);
  const Tensor images = some_images(2);
  reference::SlowEngine engine;
  Inference analog(network, &engine);
  Flow flow(network.graph());
  EXPECT_FALSE(multiply_on_engine(flow, 0, flow.make_value(0)));  // no engine at all
  EXPECT_NO_THROW(analog.forward(images));
}

}  // namespace
}  // namespace lightloom::nn
