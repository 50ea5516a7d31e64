#include "cosim/network/network_layers.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "nn/models/models.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"
#include "nn/weights/sharing/shared_source.hpp"

namespace lightloom::cosim {
namespace {

TEST(NetworkLayers, KnowsWhichLayersSeeNegativeInputs) {
  const nn::Graph graph = nn::build_graph("cnn3", "glyphs");
  const std::vector<bool> positive = non_negative_values(graph, {});
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const nn::Op op = graph.nodes[i].op;
    const bool may_be_negative =
        op == nn::Op::convolution || op == nn::Op::batch_norm || op == nn::Op::linear;
    EXPECT_EQ(positive[i], !may_be_negative) << graph.nodes[i].name;
  }
  EXPECT_FALSE(non_negative_values(graph, {.mean = {0.5}, .std = {0.5}})[0]);
  EXPECT_FALSE(non_negative_values(graph, {.signed_inputs = true})[0]);
}

TEST(NetworkLayers, AQuantiserThatEndsAtZeroLetsNothingNegativeThrough) {
  nn::GraphBuilder net("quantised", {4, 4, 3});
  const int layer = net.convolution("c", 0, {.channels = 2});
  const int bytes = net.quantise(layer, {.scale = 0.1f, .zero = 0, .low = 0, .high = 255});
  const int around_zero = net.quantise(layer, {.scale = 0.1f, .zero = 3, .low = 0, .high = 255});
  const int shifted = net.affine("a", bytes);
  const int images = net.quantise(0, {.scale = 0.1f, .zero = 3, .low = 0, .high = 255});
  const std::vector<bool> positive = non_negative_values(std::move(net).finish(), {});
  EXPECT_TRUE(positive[static_cast<std::size_t>(bytes)]);
  EXPECT_FALSE(positive[static_cast<std::size_t>(around_zero)]);
  EXPECT_FALSE(positive[static_cast<std::size_t>(shifted)]);
  EXPECT_TRUE(positive[static_cast<std::size_t>(images)]);
}

// Light takes what cannot be negative in one pass, so each of these would save half of a core's
// time and light if it were taken for granted.
TEST(NetworkLayers, WhatMovesAndResizesLetsNegativeNumbersInOnlyWhereItMakesThem) {
  nn::GraphBuilder net("moved", {1, 2, 1});
  const auto moved = [&](float fill) {
    return net.rearrange({0}, {1, 2, 1}, {.from = {1, -1}, .fill = fill});
  };
  const auto resized = [&](float beside) {
    return net.resize(0,
                      {.rows = {{{0, 1}}}, .columns = {{{0, 1 - beside}, {1, beside}}, {{1, 1}}}});
  };
  const int dark = moved(0), bright = moved(2), below = moved(-1);
  const int between = resized(0.25F), beyond = resized(-0.25F);
  const std::vector<bool> positive = non_negative_values(std::move(net).finish(), {});
  const auto is = [&](int node) {
    return static_cast<bool>(positive[static_cast<std::size_t>(node)]);
  };
  EXPECT_TRUE(is(dark));
  EXPECT_TRUE(is(bright));
  EXPECT_FALSE(is(below));
  EXPECT_TRUE(is(between));
  EXPECT_FALSE(is(beyond));
}

TEST(NetworkLayers, FunctionsWithoutNamesAreNonNegativeByTheirSteps) {
  using Code = nn::Function::Code;
  const nn::Function x = nn::argument(), one = nn::constant(1), minus = nn::constant(-1);
  const auto sign = [](const nn::Function& f) {
    nn::GraphBuilder net("f", {1, 1, 1});
    const int layer = net.convolution("c", 0, {.channels = 1});  // of either sign
    const int node = net.apply(layer, std::make_shared<const nn::Function>(f));
    return static_cast<bool>(
        non_negative_values(std::move(net).finish(), {})[static_cast<std::size_t>(node)]);
  };
  EXPECT_FALSE(sign(x));
  EXPECT_FALSE(sign(composed(Code::hyperbolic_tangent, x)));
  EXPECT_TRUE(sign(composed(Code::maximum, x, nn::constant(0))));
  EXPECT_FALSE(sign(composed(Code::maximum, x, minus)));
  EXPECT_TRUE(sign(composed(Code::multiply, x, x)));
  EXPECT_FALSE(sign(composed(Code::multiply, x, composed(Code::logistic, x))));  // SiLU
  EXPECT_TRUE(sign(composed(Code::add, composed(Code::exponential, x), one)));
  EXPECT_FALSE(sign(composed(Code::add, composed(Code::exponential, x), minus)));  // ELU's half
  EXPECT_FALSE(sign(composed(Code::subtract, one, composed(Code::exponential, x))));
  EXPECT_FALSE(sign(composed(Code::minimum, composed(Code::absolute, x), minus)));
}

TEST(NetworkLayers, DigitalWorkBelongsToTheWeightLayerBeforeItAndNoneIsLost) {
  const nn::Graph graph = nn::build_graph("cnn3", "glyphs");
  DigitalWork all;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    all += digital_work(graph, static_cast<int>(i));
  std::int64_t shared_out = 0;
  for (const CostLayer& layer : cost_layers(graph, {}, {}))
    shared_out += layer.digital.operations();
  EXPECT_GT(shared_out, 0);
  EXPECT_EQ(shared_out, all.operations());
}

TEST(NetworkLayers, OnlyLayersWhoseSourceTakesWorkHaveAChoice) {
  const nn::Graph graph = nn::build_graph("cnn3", "glyphs");
  nn::SourceCard multilevel{.source = "multilevel"};
  multilevel.settings.of<nn::MultilevelCard>().intra = 2;
  multilevel.settings.of<nn::MultilevelCard>().cross = 8;
  std::vector<CostLayer> plain = cost_layers(graph, {}, {.source = "dense"}),
                         rebuilt = cost_layers(graph, {}, multilevel);
  choose_way(WayChoice::automatic, plain);
  for (const CostLayer& layer : plain)
    EXPECT_EQ(layer.way, WeightDelivery::reload) << layer.shape.name;
  choose_way(WayChoice::source, rebuilt);
  int regenerated = 0;
  for (const CostLayer& layer : rebuilt)
    regenerated += layer.way == WeightDelivery::regenerate ? 1 : 0;
  EXPECT_GT(regenerated, 0);
  choose_way(WayChoice::automatic, rebuilt);
  for (const CostLayer& layer : rebuilt)
    EXPECT_EQ(layer.way, layer.takes_work() ? WeightDelivery::automatic : WeightDelivery::reload)
        << layer.shape.name;
}

// Products of maps are the digital unit's work, and listed besides for cores that take them.
TEST(NetworkLayers, ProductsOfMapsAreListedInOrderWithWhatIsDoneBehindThem) {
  nn::GraphBuilder net("products", {5, 2, 12});
  const int q = net.convolution("q", 0, {.channels = 12}),
            k = net.convolution("k", 0, {.channels = 12, .stride = 2}),
            v = net.activation(net.convolution("v", 0, {.channels = 12, .stride = 2}),
                               nn::Activation::relu);
  const int mixed = net.attention(q, k, v, 3);  // 10 queries, 3 keys of width 4
  const int shifted = net.affine("a", mixed);
  const int product = net.matrix_product(shifted, net.constant("c", {5, 12, 7}));
  net.linear("fc", net.flatten(product), 4, true);
  const auto layers = cost_layers(std::move(net).finish(), {}, {.source = "dense"});
  ASSERT_EQ(layers.size(), 4U);
  EXPECT_TRUE(layers[0].products.empty());
  const CostLayer& values = layers[2];
  ASSERT_EQ(values.products.size(), 3U);
  const auto expect_product = [&](std::size_t i, int groups, int positions, int inner, int outer) {
    const nn::LayerShape& shape = values.products[i].shape;
    EXPECT_EQ(shape.groups, groups) << i;
    EXPECT_EQ(shape.positions(), positions) << i;
    EXPECT_EQ(shape.in_channels, groups * inner) << i;
    EXPECT_EQ(shape.out_channels, groups * outer) << i;
  };
  expect_product(0, 3, 10, 4, 3);
  expect_product(1, 3, 10, 3, 4);
  expect_product(2, 5, 2, 12, 7);
  EXPECT_TRUE(values.products[0].signed_inputs);
  EXPECT_FALSE(values.products[1].signed_inputs);  // a softmax
  EXPECT_TRUE(values.products[2].signed_inputs);
  const std::int64_t scores = 10 * 3 * 3, macs = 2 * 10 * 3 * 12 + 10 * 12 * 7;
  EXPECT_EQ(values.before_products.activation_macs, 0);
  EXPECT_EQ(values.products[0].digital.adds, 3 * scores);
  EXPECT_EQ(values.products[0].digital.reads, scores);
  EXPECT_EQ(values.products[1].digital.multiplies, 120);  // the scale behind it
  EXPECT_EQ(values.products[2].digital, DigitalWork{});
  EXPECT_EQ(values.digital.activation_macs, macs);
}

// A factor of an output's own is one with that of a normalisation that nothing else comes before.
TEST(NetworkLayers, SaysWhichOutputsANormalisationScales) {
  nn::GraphBuilder net("scaled", {5, 5, 3});
  const int a = net.batch_norm("na", net.convolution("a", 0, {.channels = 4}));
  const int b = net.convolution("b", net.relu(a), {.channels = 4});
  const int c = net.affine("nc", net.convolution("c", a, {.channels = 4}));
  const int both = net.add(b, c);
  const int d = net.convolution("d", both, {.channels = 4});
  const int e = net.add(net.batch_norm("nd", d), d);  // d as it is, too
  net.linear("fc", net.flatten(e), 2, true);
  std::vector<bool> normalised;
  for (const CostLayer& layer : cost_layers(std::move(net).finish(), {}, {.source = "dense"}))
    normalised.push_back(layer.normalised);
  EXPECT_EQ(normalised, (std::vector<bool>{true, false, true, false, false}));
}

// Queries and keys of one shape are of two groups, whatever lies between two layers of a group.
TEST(NetworkLayers, SharesWordsWithTheGroupThatTheSourceNames) {
  nn::SourceCard card{.source = "shared_depth", .bits = 4};
  nn::SharedDepthCard& sharing = card.settings.of<nn::SharedDepthCard>();
  sharing.by = nn::ShareBy::name;
  sharing.rank = 2;
  const auto layers = cost_layers(nn::build_graph("vit-16-3-2", "cifar10"), {}, card);
  const auto at = [&](int block, std::size_t projection) -> const CostLayer& {
    return layers[1 + 6 * static_cast<std::size_t>(block) + projection];
  };
  for (std::size_t projection = 0; projection < 6; ++projection) {
    const SharedWords& shared = at(0, projection).shared;
    EXPECT_GT(shared.group, 0);
    EXPECT_EQ(shared.bits, at(0, projection).shape.weights() * 4);
    for (const int block : {1, 2}) EXPECT_EQ(at(block, projection).shared, shared);
    for (std::size_t other = 0; other < projection; ++other)
      EXPECT_NE(at(0, other).shared.group, shared.group);
    EXPECT_EQ(at(1, projection).streams, at(0, projection).streams);
    EXPECT_TRUE(at(1, projection).takes_work());
  }
  EXPECT_EQ(layers.front().shared.group, 0) << "alone of its name";
}

}  // namespace
}  // namespace lightloom::cosim
