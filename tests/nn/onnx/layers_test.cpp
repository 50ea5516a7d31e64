// Layers as exporters write them, through the import.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/nn/onnx/chain.hpp"

namespace lightloom::nn::onnx {
namespace {

using namespace chains;

Model convolution(std::map<std::string, Attribute> attributes, Sides weight, Sides input) {
  Chain c(std::move(input));
  const Sides bias{weight[0]};
  const std::string w = c.random(std::move(weight)), b = c.random(bias);
  c.add("Conv", {c.last, w, b}, std::move(attributes));
  return c.model;
}

TEST(OnnxLayers, ConvolutionsDifferBySideAndByAxis) {
  const std::map<std::string, Attribute> cases[] = {
      {{"pads", whole_numbers({0, 2, 1, 3})}, {"strides", whole_numbers({2, 1})}},
      {{"auto_pad", word("SAME_UPPER")}, {"strides", whole_numbers({2, 3})}},
      {{"auto_pad", word("SAME_LOWER")},
       {"strides", whole_numbers({2, 2})},
       {"dilations", whole_numbers({1, 2})}},
      {{"auto_pad", word("VALID")}, {"dilations", whole_numbers({3, 1})}}};
  for (const auto& attributes : cases) {
    const Model model = convolution(attributes, {5, 3, 3, 2}, {2, 3, 9, 8});
    expect_same_function(model);
    expect_right_gradients(model);
  }
  std::map<std::string, Attribute> groups{{"group", whole_number(2)},
                                          {"pads", whole_numbers({1, 0, 0, 2})}};
  expect_same_function(convolution(groups, {6, 2, 3, 3}, {2, 4, 6, 7}));
  expect_same_function(
      convolution({{"strides", whole_numbers({2})}, {"pads", whole_numbers({2, 1})}}, {4, 3, 5},
                  {2, 3, 21}));  // of one axis
}

TEST(OnnxLayers, APaddingBeforeALayerIsThatLayersPadding) {
  Chain c({2, 3, 8, 7});
  c.add("Pad", {"x", c.whole({0, 0, 0, 2, 0, 0, 1, 3})});
  c.add("Conv", {c.last, c.random({4, 3, 3, 3})}, {{"strides", whole_numbers({2, 2})}});
  expect_same_function(c.model);
  const Graph graph = translate(c.model).graph;
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[1].window.padding, (nn::Sides{0, 2, 1, 3}));
  for (const char* mode : {"reflect", "edge", "constant"}) {
    Chain other({2, 3, 8, 7});
    std::vector<std::string> inputs{"x", other.whole({0, 0, 2, 1, 0, 0, 1, 3})};
    if (mode == std::string("constant")) inputs.push_back(other.scalar(0.75f));
    other.add("Pad", inputs, {{"mode", word(mode)}});
    other.add("Conv", {other.last, other.random({4, 3, 3, 3})});
    expect_same_function(other.model);
  }
}

TEST(OnnxLayers, PoolsOfEveryShape) {
  const Attribute kernel = whole_numbers({3, 2});
  const std::map<std::string, Attribute> cases[] = {{{"kernel_shape", kernel},
                                                     {"strides", whole_numbers({2, 1})},
                                                     {"pads", whole_numbers({0, 1, 2, 0})}},
                                                    {{"kernel_shape", kernel},
                                                     {"strides", whole_numbers({2, 3})},
                                                     {"ceil_mode", whole_number(1)}},
                                                    {{"kernel_shape", kernel},
                                                     {"strides", whole_numbers({2, 2})},
                                                     {"pads", whole_numbers({1, 0, 1, 1})},
                                                     {"ceil_mode", whole_number(1)}},
                                                    {{"kernel_shape", kernel},
                                                     {"auto_pad", word("SAME_LOWER")},
                                                     {"strides", whole_numbers({2, 2})}}};
  for (const auto& attributes : cases) {
    for (const char* type : {"MaxPool", "AveragePool"}) {
      for (const std::int64_t counted : {0, 1}) {
        Chain c({2, 3, 8, 7}, 19);
        auto own = attributes;
        if (type == std::string("AveragePool")) own["count_include_pad"] = whole_number(counted);
        c.add("Conv", {"x", c.random({3, 3, 1, 1})});
        c.add(type, {c.last}, own);
        expect_same_function(c.model);
        if (type == std::string("AveragePool")) expect_right_gradients(c.model);
      }
    }
  }
  Chain dilated({2, 3, 9, 8});
  dilated.add("MaxPool", {"x"}, {{"kernel_shape", kernel}, {"dilations", whole_numbers({2, 3})}});
  expect_same_function(dilated.model);
}

TEST(OnnxLayers, TransposedConvolutionsAreConvolutions) {
  struct Case {
    Sides weight;
    std::map<std::string, Attribute> attributes;
  };
  const Case cases[] = {
      {{3, 4, 2, 2}, {{"strides", whole_numbers({2, 2})}}},
      {{3, 4, 4, 6}, {{"strides", whole_numbers({2, 3})}, {"pads", whole_numbers({1, 0, 2, 1})}}},
      {{3, 4, 3, 3},
       {{"strides", whole_numbers({2, 2})},
        {"pads", whole_numbers({1, 1, 1, 1})},
        {"output_padding", whole_numbers({1, 1})}}},
      {{3, 4, 3, 2}, {{"strides", whole_numbers({1, 2})}, {"dilations", whole_numbers({2, 1})}}},
      {{3, 4, 3, 3}, {{"pads", whole_numbers({2, 2, 2, 2})}}},
      {{3, 4, 2, 2}, {{"strides", whole_numbers({3, 3})}, {"pads", whole_numbers({1, 0, 0, 1})}}},
  };
  for (const Case& one : cases) {
    Chain c({2, 3, 5, 6});
    c.add("ConvTranspose", {"x", c.random(one.weight), c.random({4})}, one.attributes);
    expect_same_function(c.model);
    expect_right_gradients(c.model);
  }
  for (const std::int64_t kernel : {2, 3}) {
    Chain grouped({2, 6, 5, 4});
    grouped.add("ConvTranspose", {"x", grouped.random({6, 2, kernel, kernel})},
                {{"group", whole_number(3)}, {"strides", whole_numbers({2, 2})}});
    expect_same_function(grouped.model);
  }
  // Kernels of whole strides cost no more than they did: 9 x 4 weights at every pixel of the input.
  Chain whole({1, 3, 5, 6});
  whole.add("ConvTranspose", {"x", whole.random({3, 4, 3, 3})},
            {{"strides", whole_numbers({3, 3})}});
  const Graph graph = translate(whole.model).graph;
  EXPECT_EQ(network_shape(graph).layers[0].macs(), 30 * 3 * 4 * 9);
  EXPECT_EQ(network_shape(graph).layers[0].weights(), 3 * 4 * 9);
}

/// Row sums of a resized ramp 0, 1, ..., 5 along the width.
std::vector<float> resized_ramp(const std::map<std::string, Attribute>& attributes, float scale) {
  Chain c({1, 1, 1, 6});
  c.model.constants["scales"] = {.dims = {4}, .floats = {1, 1, 1, scale}};
  c.add("Resize", {"x", "", "scales"}, attributes);
  Network network = network_of(translate(c.model), {});
  Inference inference(network);
  Tensor ramp({1, 1, 6, 1});
  for (int i = 0; i < 6; ++i) ramp.data()[i] = static_cast<float>(i);
  const Tensor& y = inference.forward(ramp);
  return {y.values().begin(), y.values().end()};
}

void expect_values(const std::vector<float>& got, const std::vector<float>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5) << i;
}

TEST(OnnxLayers, ResizeTakesItsNeighboursAsTheCoordinatesSay) {
  const Attribute linear = word("linear"), where = word("asymmetric");
  // Output p lies at p / 2, at (p + 1/2) / 2 - 1/2, and at 5 p / 11.
  expect_values(resized_ramp({{"mode", linear}, {"coordinate_transformation_mode", where}}, 2),
                {0, 0.5f, 1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4.5f, 5, 5});
  expect_values(resized_ramp({{"mode", linear}}, 2),
                {0, 0.25f, 0.75f, 1.25f, 1.75f, 2.25f, 2.75f, 3.25f, 3.75f, 4.25f, 4.75f, 5});
  std::vector<float> even;
  for (int p = 0; p < 12; ++p) even.push_back(static_cast<float>(p) * 5 / 11);
  expect_values(
      resized_ramp({{"mode", linear}, {"coordinate_transformation_mode", word("align_corners")}},
                   2),
      even);
  // Halved, output p lies at 2 p + 1/2, between two: down, or up where asked.
  expect_values(resized_ramp({{"mode", word("nearest")}}, 0.5f), {0, 2, 4});
  expect_values(
      resized_ramp({{"mode", word("nearest")}, {"nearest_mode", word("round_prefer_ceil")}}, 0.5f),
      {1, 3, 5});
  // A cubic with a = -1/2 in the middle of a straight line lies on it: 2.25 and 2.75.
  const std::vector<float> keys =
      resized_ramp({{"mode", word("cubic")}, {"cubic_coeff_a", real_number(-0.5f)}}, 2);
  EXPECT_NEAR(keys[5], 2.25, 1e-5);
  EXPECT_NEAR(keys[6], 2.75, 1e-5);
  const std::vector<float> cubic = resized_ramp({{"mode", word("cubic")}}, 2);
  // Its first output is at -1/4, with the weights of distances 1.75, 0.75, 0.25 and 1.25 for
  // a = -3/4; outside counts as the edge: elements 0, 0, 0 and 1 of the ramp.
  const double a = -0.75, d = 1.25;
  EXPECT_NEAR(cubic[0], a * d * d * d - 5 * a * d * d + 8 * a * d - 4 * a, 1e-5);
}

TEST(OnnxLayers, ScalesThatAFloatRoundsStillReachTheSideTheyWereDividedFor) {
  // 11 / 7 rounds down: a product in double ends below 11. 20 / 14 rounds up: 10 / (20 / 14) ends
  // below 7.
  for (const auto& [in, out] : std::vector<std::pair<int, int>>{{7, 11}, {14, 20}, {3, 7}}) {
    Chain c({1, 1, 1, in});
    const float scale = static_cast<float>(out) / static_cast<float>(in);
    c.model.opset = 9;
    c.model.constants["scales"] = {.dims = {4}, .floats = {1, 1, 1, scale}};
    c.add("Upsample", {"x", "scales"}, {{"mode", word("nearest")}});
    Network network = network_of(translate(c.model), {});
    Inference inference(network);
    Tensor ramp({1, 1, in, 1});
    for (int i = 0; i < in; ++i) ramp.data()[i] = static_cast<float>(i);
    const Tensor& y = inference.forward(ramp);
    ASSERT_EQ(y.shape().size(), out);
    for (int p = 0; p < out; ++p) {
      const int from = p * in / out;
      EXPECT_EQ(y.data()[p], static_cast<float>(from)) << p << " of " << out;
    }
  }
}

TEST(OnnxLayers, ResizeHasAGradientAndAnExport) {
  Chain c({2, 3, 4, 5});
  c.model.constants["sizes"] = integers_array({2, 4, 7, 8});
  c.add("Conv", {"x", c.random({4, 3, 1, 1})});
  c.add("Resize", {c.last, "", "", "sizes"}, {{"mode", word("linear")}});
  expect_right_gradients(c.model);
  Network network = network_of(translate(c.model), {});
  Model exported = export_model(network);
  exported.inputs[0].dims[0] = 2;
  const Array x = input_of(c.model);
  const Array expected = evaluate(exported, {{exported.inputs[0].name, x}}).front();
  Inference inference(network);
  const std::vector<float> got =
      to_channels_first(inference.forward(to_channels_last(x, network.graph().nodes[0].shape)));
  ASSERT_EQ(got.size(), expected.floats.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected.floats[i], 1e-5);
}

TEST(OnnxLayers, ChannelsAreShuffledAndBlocksMoveBetweenDepthAndSpace) {
  Chain shuffle({2, 6, 5, 4});
  shuffle.add("Reshape", {"x", shuffle.whole({2, 3, 2, 5, 4})});
  shuffle.add("Transpose", {shuffle.last}, {{"perm", whole_numbers({0, 2, 1, 3, 4})}});
  shuffle.add("Reshape", {shuffle.last, shuffle.whole({2, 6, 5, 4})});
  shuffle.add("Conv", {shuffle.last, shuffle.random({3, 6, 1, 1})});
  expect_same_function(shuffle.model);
  for (const char* mode : {"DCR", "CRD"}) {
    Chain c({2, 3, 4, 6});
    c.add("Conv", {"x", c.random({8, 3, 1, 1})});
    c.add("DepthToSpace", {c.last}, {{"blocksize", whole_number(2)}, {"mode", word(mode)}});
    c.add("Conv", {c.last, c.random({3, 2, 3, 3})});
    c.add("SpaceToDepth", {c.last}, {{"blocksize", whole_number(2)}});
    expect_same_function(c.model);
    expect_right_gradients(c.model);
  }
}

TEST(OnnxLayers, MixingImagesIsRefused) {
  Chain c({2, 3, 4});
  c.add("Reshape", {"x", c.whole({3, 2, 4})});
  c.add("Softmax", {c.last}, {{"axis", whole_number(-1)}});
  EXPECT_THROW(translate(c.model), Unsupported);
  // Tokens of the second image in another order than those of the first.
  Chain uneven({2, 3, 4});
  uneven.add("Transpose", {"x"}, {{"perm", whole_numbers({1, 0, 2})}});
  uneven.add("Reshape", {uneven.last, uneven.whole({6, 4})});
  uneven.add("Gather", {uneven.last, uneven.whole({0, 3, 2, 1, 4, 5})});
  uneven.add("MatMul", {uneven.last, uneven.random({4, 5})});
  EXPECT_THROW(translate(uneven.model), Unsupported);
  Chain mean({2, 3, 4});
  mean.add("ReduceMean", {"x"}, {{"axes", whole_numbers({0})}});
  EXPECT_THROW(translate(mean.model), Unsupported);
}

}  // namespace
}  // namespace lightloom::nn::onnx
