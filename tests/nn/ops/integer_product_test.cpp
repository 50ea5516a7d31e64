#include "nn/ops/products/integer_product.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/inference/inference.hpp"
#include "nn/steps/inference_step.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

std::vector<float> drawn_floats(std::size_t count, std::uint32_t family) {
  return reference::floats(reference::random_doubles(count, family));
}

/// Whole numbers within +-most.
std::vector<std::int8_t> drawn_levels(std::int64_t count, int most, std::uint32_t family) {
  std::vector<std::int8_t> levels;
  const Stream stream({5, Purpose::test, family});
  const auto span = 2 * static_cast<std::uint64_t>(most) + 1;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto drawn = static_cast<int>(stream.below(span, static_cast<std::uint64_t>(i)));
    levels.push_back(static_cast<std::int8_t>(drawn - most));
  }
  return levels;
}

TEST(IntegerRows, AreFoundInEveryProductOfLevelsAndAFactorARow) {
  constexpr int rows = 40, size = 27;
  for (const int most : {1, 3, 7, 100, 127}) {
    const std::vector<std::int8_t> levels =
        drawn_levels(rows * size, most, static_cast<std::uint32_t>(most));
    const std::vector<float> factors = drawn_floats(rows, 2);
    std::vector<float> weights;
    for (std::size_t i = 0; i < levels.size(); ++i)
      weights.push_back(factors[i / size] * static_cast<float>(levels[i]));
    const auto found = integer_rows(weights, rows);
    ASSERT_TRUE(found) << most;
    for (std::size_t i = 0; i < weights.size(); ++i)
      EXPECT_NEAR(found->factors[i / size] * static_cast<float>(found->levels[i]), weights[i],
                  4e-7 * std::abs(weights[i]));
  }
}

TEST(IntegerRows, AreNotFoundInOtherNumbers) {
  std::vector<float> weights = drawn_floats(4 * 27, 3);
  EXPECT_FALSE(integer_rows(weights, 4));
  weights.assign(4 * 27, 0.25f);
  weights[30] = -0.5f;
  ASSERT_TRUE(integer_rows(weights, 4));
  weights[31] = 0.25f * 1.00001f;
  EXPECT_FALSE(integer_rows(weights, 4)) << "ten times what rounding explains";
  weights[31] = 0.25f / 128;
  EXPECT_FALSE(integer_rows(weights, 4)) << "9 bits";
  weights[31] = 1e-12f;
  EXPECT_FALSE(integer_rows(weights, 4)) << "next to zero is not zero";
  weights[31] = std::nanf("");
  EXPECT_FALSE(integer_rows(weights, 4));
  EXPECT_FALSE(integer_rows(std::vector<float>(27, std::nanf("")), 1)) << "no row of zeros";
}

TEST(IntegerRows, OfZerosAreZeros) {
  const auto found = integer_rows(std::vector<float>{0, 0, -2, 4}, 2);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->levels, (std::vector<std::int8_t>{0, 0, -1, 2}));
  EXPECT_EQ(found->factors[1], 2.0f);
}

LayerShape convolution(int in, int out, int kernel, int groups = 1) {
  LayerShape s{
      .in_channels = in, .out_channels = out, .kernel_height = kernel, .kernel_width = kernel};
  s.groups = groups;
  s.in_height = 7, s.in_width = 9;
  s.padding = kernel / 2;
  s.out_height = 7, s.out_width = 9;
  return s;
}

std::vector<LayerShape> shapes() {
  LayerShape strided = convolution(16, 24, 3), uneven = convolution(5, 7, 3),
             dilated = convolution(16, 16, 3);
  strided.stride = 2, strided.out_height = 4, strided.out_width = 5;
  uneven.padding = {0, 2, 1, 0}, uneven.out_height = 6;
  dilated.dilation = 2, dilated.padding = 2;
  return {convolution(3, 16, 3),
          convolution(64, 32, 3),
          convolution(32, 48, 1),
          convolution(12, 18, 3, 3),
          convolution(16, 16, 3, 16),
          strided,
          uneven,
          dilated,
          {.kind = LayerShape::Kind::linear, .in_channels = 130, .out_channels = 10}};
}

void expect_exact(const LayerShape& s, int images, const std::vector<std::uint8_t>& x,
                  const std::vector<std::int8_t>& levels) {
  std::vector<std::int64_t> exact(static_cast<std::size_t>(images * s.positions()) *
                                  static_cast<std::size_t>(s.out_channels));
  reference::each_product(s, images, [&](std::size_t xi, std::size_t wi, std::size_t yi) {
    exact[yi] += std::int64_t{x[xi]} * levels[wi];
  });
  IntegerProduct product(s, levels);
  std::vector<std::int32_t> sums(exact.size());
  product.forward(x, images, sums);
  EXPECT_TRUE(std::equal(sums.begin(), sums.end(), exact.begin(), exact.end()))
      << s.in_channels << " to " << s.out_channels << ", kernel " << s.kernel_height;
}

TEST(IntegerProducts, AreExactForEveryLayer) {
  if (!multiplies_bytes()) GTEST_SKIP() << "this processor does not multiply bytes";
  for (const LayerShape& s : shapes())
    for (const int images : {1, 3}) {
      std::vector<std::uint8_t> x;
      for (const std::int8_t level :
           drawn_levels(std::int64_t{images} * s.in_channels * s.in_height * s.in_width, 127, 8))
        x.push_back(static_cast<std::uint8_t>(level + 128));
      expect_exact(s, images, x, drawn_levels(s.weights(), 127, 9));
    }
}

TEST(IntegerProducts, DoNotSaturate) {
  if (!multiplies_bytes()) GTEST_SKIP() << "this processor does not multiply bytes";
  for (const std::int8_t level : {std::int8_t{127}, std::int8_t{-127}}) {
    const LayerShape s = convolution(512, 16, 3);
    expect_exact(s, 1, std::vector<std::uint8_t>(512 * 63, 255),
                 std::vector<std::int8_t>(static_cast<std::size_t>(s.weights()), level));
  }
  LayerShape linear{.kind = LayerShape::Kind::linear, .in_channels = 66311, .out_channels = 1};
  EXPECT_TRUE(sums_fit(linear));
  expect_exact(linear, 1, std::vector<std::uint8_t>(66311, 255),
               std::vector<std::int8_t>(66311, 127));
  linear.in_channels = 66312;
  EXPECT_FALSE(sums_fit(linear)) << "66312 x 255 x 127 is 2^31 and more";
}

/// Weight layers with all that can follow one; `second` adds to what its own input is.
Graph with_tails(Activation activation) {
  GraphBuilder net("tails", {8, 8, 4});
  const int first = net.relu(net.batch_norm(
      "bn1", net.convolution("first", 0, {.channels = 16, .kernel = 3, .padding = 1})));
  int at = net.batch_norm(
      "bn2",
      net.convolution("second", first, {.channels = 16, .kernel = 3, .padding = 1, .bias = true}));
  at = net.activation(net.add(at, first), activation);
  at = net.convolution("plain", at, {.channels = 8, .kernel = 1, .bias = true});
  net.linear("fc", net.flatten(net.relu(at)), 5, true);
  return std::move(net).finish();
}

void see(Network& network, float low) {
  for (WeightLayer& layer : network.weight_layers())
    layer.range = {.low = low, .high = 1.9f, .seen = true};
  std::uint32_t family = 40;
  for (NormLayer& norm : network.norms()) {
    const std::vector<float> drawn = drawn_floats(4 * norm.mean.size(), family++);
    for (std::size_t c = 0; c < norm.mean.size(); ++c) {
      norm.mean[c] = drawn[4 * c];
      norm.variance[c] = 0.5f + std::abs(drawn[4 * c + 1]);
      norm.scale.value[c] = drawn[4 * c + 2];
      norm.shift.value[c] = drawn[4 * c + 3];
    }
  }
  for (WeightLayer& layer : network.weight_layers())
    if (!layer.bias.value.empty()) layer.bias.value = drawn_floats(layer.bias.value.size(), 50);
}

SourceCard quantised_card(const char* source, int bits, int activations) {
  SourceCard card;
  card.source = source;
  card.bits = card.fc_bits = bits;
  card.activations = activations;
  return card;
}

int layers_in_integers(Network& network) {
  ProductWorkspace shared;
  int count = 0;
  for (int node = 1; node < static_cast<int>(network.graph().nodes.size()); ++node)
    if (is_weight_layer(network.graph().nodes[static_cast<std::size_t>(node)].op))
      count +=
          make_integer_product(network, node, {.activation = {}, .output = node}, shared) != nullptr
              ? 1
              : 0;
  return count;
}

TEST(IntegerInference, GivesWhatTheProductsOfTheDefinitionGive) {
  if (!multiplies_bytes()) GTEST_SKIP() << "this processor does not multiply bytes";
  for (const Activation activation : {Activation::relu, Activation::hard_swish, Activation::relu6})
    for (const SourceCard& card :
         {quantised_card("integer", 8, 8), quantised_card("integer", 3, 4),
          quantised_card("ternary", 2, 8), quantised_card("power_of_two", 4, 8)}) {
      Network network(with_tails(activation), card, 5);
      see(network, 0);
      EXPECT_EQ(layers_in_integers(network), 4) << card.source;
      reference::SlowEngine engine;
      Inference quick(network), slow(network, &engine);
      reference::Doubles pixels = reference::random_doubles(3 * 8 * 8 * 4, 6);
      for (double& pixel : pixels) pixel = std::abs(pixel);
      const Tensor x = reference::tensor(pixels, {3, 8, 8, 4});
      const Tensor& wanted = slow.forward(x);
      const Tensor& given = quick.forward(x);
      double size = 0;
      for (const float v : wanted.values()) size = std::max<double>(size, std::abs(v));
      for (std::size_t i = 0; i < wanted.values().size(); ++i)
        EXPECT_NEAR(given.values()[i], wanted.values()[i], 1e-5 * size) << card.source;
    }
}

TEST(IntegerInference, IsForIntegersFromZeroOfAtMostEightBits) {
  if (!multiplies_bytes()) GTEST_SKIP() << "this processor does not multiply bytes";
  const auto layers = [](const SourceCard& card, float low) {
    Network network(with_tails(Activation::relu), card, 5);
    see(network, low);
    return layers_in_integers(network);
  };
  EXPECT_EQ(layers(quantised_card("integer", 8, 8), 0), 4);
  EXPECT_EQ(layers(quantised_card("integer", 8, 9), 0), 0) << "inputs of 9 bits";
  EXPECT_EQ(layers(quantised_card("integer", 9, 8), 0), 0) << "weights of 9 bits";
  EXPECT_EQ(layers(quantised_card("integer", 8, 0), 0), 0) << "no quantiser";
  EXPECT_EQ(layers(quantised_card("integer", 8, 8), -1), 0) << "zero is another level";
  EXPECT_EQ(layers(quantised_card("dense", 8, 8), 0), 0);
  Network unseen(with_tails(Activation::relu), quantised_card("integer", 8, 8), 5);
  EXPECT_EQ(layers_in_integers(unseen), 0) << "no range yet";
}

}  // namespace
}  // namespace lightloom::nn
