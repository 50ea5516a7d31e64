// Graphs as exporters write them: every import is compared with the interpreter, which knows no
// layouts and shares nothing with the engine, and where that would prove little with arithmetic.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "nn/onnx/passes/tail.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx::forms_tests {
namespace {

using reference::floats;
using reference::random_doubles;

Array drawn(std::vector<std::int64_t> dims, std::uint32_t family) {
  Array a{.dims = std::move(dims)};
  a.floats = floats(random_doubles(static_cast<std::size_t>(a.size()), family));
  return a;
}

Attribute number(std::int64_t value) { return {.integers = {value}}; }
Attribute numbers(std::vector<std::int64_t> values) {
  return {.integers = std::move(values), .list = true};
}

Array through_network(const Model& model, const Array& x) {
  const Imported imported = translate(model);
  Network network = network_of(imported, {});
  Inference inference(network);
  return output_of(imported, inference.forward(images_of(imported, x)));
}

/// Both ways must give the same shape and, within the rounding of `terms` sums, the same numbers.
void expect_same(Model model, const Array& x, double tolerance = 2e-5) {
  const Array expected = evaluate(model, {{"x", x}}).front();
  for (const bool open : {false, true}) {
    model.inputs = {{"x", x.dims}};
    if (open) model.inputs[0].dims[0] = 0;
    const Array got = through_network(model, x);
    ASSERT_EQ(got.dims, expected.dims) << (open ? "open batch" : "fixed batch");
    for (std::size_t i = 0; i < got.floats.size(); ++i)
      ASSERT_NEAR(got.floats[i], expected.floats[i], tolerance * (1 + std::abs(expected.floats[i])))
          << "element " << i;
  }
}

std::string refusal(const Model& model) {
  try {
    (void)translate(model);
  } catch (const Unsupported& problem) {
    return problem.what();
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

/// Convolution of three channels to five on maps of 6x7.
Model with_convolution(std::vector<Operation> rest) {
  Model model{.opset = 18, .constants = {{"w", drawn({5, 3, 3, 3}, 1)}}, .outputs = {"y"}};
  model.operations = {{"Conv", "c", {"x", "w"}, {"h"}, {{"pads", numbers({1, 1, 1, 1})}}}};
  for (Operation& one : rest) model.operations.push_back(std::move(one));
  return model;
}
const std::vector<std::int64_t> images{2, 3, 6, 7};

TEST(OnnxForms, AMeanOverTheMapIsAPoolWhicheverWayItIsWritten) {
  for (const std::int64_t keep : {0, 1}) {
    Model attribute = with_convolution({{"ReduceMean",
                                         "m",
                                         {"h"},
                                         {"y"},
                                         {{"axes", numbers({2, 3})}, {"keepdims", number(keep)}}}});
    attribute.opset = 13;
    expect_same(attribute, drawn(images, 0));
    Model input =
        with_convolution({{"Constant", "", {}, {"axes"}, {{"value_ints", numbers({-1, -2})}}},
                          {"ReduceMean", "m", {"h", "axes"}, {"y"}, {{"keepdims", number(keep)}}}});
    expect_same(input, drawn(images, 0));
    EXPECT_EQ(translate([&] {
                input.inputs = {{"x", images}};
                return input;
              }())
                  .graph.nodes.size(),
              3u)
        << "input, convolution, pool";
  }
}

TEST(OnnxForms, ReductionsTakeAnyAxesButTheImages) {
  for (const char* type : {"ReduceMean", "ReduceSum", "ReduceMax"}) {
    for (const std::vector<std::int64_t>& axes :
         std::vector<std::vector<std::int64_t>>{{1}, {2}, {3}, {1, 2}, {1, -1}, {1, 2, 3}, {-2}}) {
      Model model = with_convolution({{type, "r", {"h", "axes"}, {"y"}, {}}});
      model.constants["axes"] = integers_array(axes);
      expect_same(model, drawn(images, 0));
    }
  }
  Model model = with_convolution({{"ReduceMean", "r", {"h", "axes"}, {"y"}, {}}});
  model.constants["axes"] = integers_array({0, 2});
  model.inputs = {{"x", images}};
  EXPECT_NE(refusal(model).find("over the images"), std::string::npos);
}

TEST(OnnxForms, ChannelsLastNetworksRunWithoutMovingANumber) {
  Model model{
      .opset = 13,
      .operations = {{"Sub", "s", {"x", "mean"}, {"centred"}, {}},
                     {"Transpose", "t", {"centred"}, {"m"}, {{"perm", numbers({0, 3, 1, 2})}}},
                     {"Conv", "c", {"m", "w"}, {"h"}, {}},
                     {"Transpose", "u", {"h"}, {"v"}, {{"perm", numbers({0, 2, 3, 1})}}},
                     {"Relu", "r", {"v"}, {"q"}, {}},
                     {"Reshape", "f", {"q", "rows"}, {"flat"}, {}},
                     {"MatMul", "g", {"flat", "d"}, {"y"}, {}}},
      .constants = {{"mean", drawn({3}, 4)},
                    {"w", drawn({5, 3, 3, 3}, 1)},
                    {"rows", integers_array({-1, 100})},
                    {"d", drawn({100, 4}, 2)}},
      .outputs = {"y"}};
  expect_same(model, drawn({2, 6, 7, 3}, 0));
  model.inputs = {{"x", {0, 6, 7, 3}}};
  const Imported imported = translate(model);
  EXPECT_EQ(imported.graph.nodes[0].shape, (MapShape{6, 7, 3}));
  for (const Node& node : imported.graph.nodes) EXPECT_NE(node.op, Op::rearrange) << node.name;
}

TEST(OnnxForms, RowsAndMapsTurnIntoOneAnotherInEveryLegalForm) {
  const auto shaped = [](std::vector<Operation> operations,
                         std::map<std::string, Array> constants) {
    Model model = with_convolution(std::move(operations));
    for (auto& [name, array] : constants) model.constants[name] = std::move(array);
    return model;
  };
  const Operation relu{"Relu", "r", {"v"}, {"y"}, {}};
  // (2, 5, 6, 7): rows with an inferred side, a copied side, all of it, three axes, and back.
  for (const std::vector<std::int64_t>& to :
       std::vector<std::vector<std::int64_t>>{{0, -1},
                                              {-1, 210},
                                              {0, 5, -1},
                                              {0, 5, 6, 7},
                                              {0, 0, 7, 6},
                                              {-1, 1, 10, 21},
                                              {0, 5, 3, 2, 7}})
    expect_same(
        shaped({{"Reshape", "v", {"h", "to"}, {"v"}, {}}, relu}, {{"to", integers_array(to)}}),
        drawn(images, 0));
  expect_same(shaped({{"Flatten", "v", {"h"}, {"v"}, {{"axis", number(-3)}}}, relu}, {}),
              drawn(images, 0));
  expect_same(shaped({{"GlobalAveragePool", "p", {"h"}, {"p"}, {}},
                      {"Squeeze", "v", {"p", "axes"}, {"v"}, {}},
                      relu},
                     {{"axes", integers_array({2, -1})}}),
              drawn(images, 0));
  expect_same(shaped({{"GlobalAveragePool", "p", {"h"}, {"p"}, {}},
                      {"Squeeze", "q", {"p"}, {"q"}, {}},
                      {"Unsqueeze", "v", {"q", "axes"}, {"v"}, {}},
                      relu},
                     {{"axes", integers_array({1, 3})}}),
              drawn(images, 0));
  // Rows as a map that a convolution reads.
  expect_same(shaped({{"Reshape", "f", {"h", "row"}, {"f"}, {}},
                      {"MatMul", "d", {"f", "dense"}, {"rows"}, {}},
                      {"Reshape", "v", {"rows", "map"}, {"v"}, {}},
                      {"Conv", "k", {"v", "w"}, {"y"}, {}}},
                     {{"row", integers_array({0, -1})},
                      {"dense", drawn({210, 48}, 3)},
                      {"map", integers_array({0, 3, 4, 4})}}),
              drawn(images, 0), 1e-4);
  Model mixed =
      shaped({{"Reshape", "v", {"h", "to"}, {"y"}, {}}}, {{"to", integers_array({-1, 7})}});
  mixed.inputs = {{"x", images}};
  EXPECT_NE(refusal(mixed).find("mixes images"), std::string::npos);
}

TEST(OnnxForms, RowsThatBecomeMapsAtOnceAreImages) {
  Model model{.opset = 13,
              .operations = {{"Reshape", "v", {"x", "map"}, {"m"}, {}},
                             {"Conv", "c", {"m", "w"}, {"y"}, {}}},
              .constants = {{"map", integers_array({-1, 3, 4, 5})}, {"w", drawn({5, 3, 3, 3}, 1)}},
              .outputs = {"y"}};
  expect_same(model, drawn({2, 60}, 0));
  model.inputs = {{"x", {0, 60}}};
  const Imported rows = translate(model);
  EXPECT_EQ(rows.graph.nodes[0].shape, (MapShape{4, 5, 3}));
  EXPECT_EQ(rows.graph.nodes.size(), 2u);
  model.operations[0] = {"Unsqueeze", "v", {"x", "map"}, {"m"}, {}};
  model.constants = {{"map", integers_array({1})}, {"w", drawn({5, 1, 3, 3}, 1)}};
  expect_same(model, drawn({2, 6, 7}, 0));
  model.inputs = {{"x", {0, 6, 7}}};
  EXPECT_EQ(translate(model).graph.nodes[0].shape, (MapShape{6, 7, 1}));
}

TEST(OnnxForms, LinesAreMapsOfHeightOne) {
  Model model{.opset = 13,
              .operations = {{"Conv", "c", {"x", "w"}, {"h"}, {{"strides", numbers({2})}}},
                             {"BatchNormalization", "n", {"h", "s", "b", "m", "v"}, {"n"}, {}},
                             {"Relu", "r", {"n"}, {"r"}, {}},
                             {"MaxPool",
                              "p",
                              {"r"},
                              {"p"},
                              {{"kernel_shape", numbers({2})}, {"strides", numbers({2})}}},
                             {"GlobalAveragePool", "g", {"p"}, {"q"}, {}},
                             {"Flatten", "f", {"q"}, {"y"}, {}}},
              .constants = {{"w", drawn({5, 3, 4}, 1)},
                            {"s", drawn({5}, 2)},
                            {"b", drawn({5}, 3)},
                            {"m", drawn({5}, 4)},
                            {"v", {.dims = {5}, .floats = {1, 2, 0.5f, 3, 0.25f}}}},
              .outputs = {"y"}};
  for (const std::int64_t opset : {9, 13}) {
    model.opset = opset;
    expect_same(model, drawn({2, 3, 21}, 0));
  }
  model.inputs = {{"x", {0, 3, 21}}};
  const Imported lines = translate(model);
  EXPECT_EQ(lines.graph.nodes[0].shape, (MapShape{1, 21, 3}));
  for (const Node& node : lines.graph.nodes) EXPECT_NE(node.op, Op::rearrange) << node.name;
}

TEST(OnnxForms, NormalisationsReachTheirChannelsInAnyOrder) {
  std::map<std::string, Array> of_rows{{"s", drawn({210}, 2)},
                                       {"b", drawn({210}, 3)},
                                       {"m", drawn({210}, 4)},
                                       {"v", drawn({210}, 5)}};
  for (float& one : of_rows["v"].floats) one = 1 + std::abs(one);
  Model model =
      with_convolution({{"Flatten", "f", {"h"}, {"f"}, {}},
                        {"BatchNormalization", "n", {"f", "s", "b", "m", "v"}, {"y"}, {}}});
  for (auto& [name, array] : of_rows) model.constants[name] = array;
  expect_same(model, drawn(images, 0));
  // The second axis of a map with its channels last is its height.
  Model turned =
      with_convolution({{"Transpose", "t", {"h"}, {"t"}, {{"perm", numbers({0, 2, 3, 1})}}},
                        {"BatchNormalization", "n", {"t", "s", "b", "m", "v"}, {"y"}, {}}});
  for (auto& [name, array] : of_rows)
    turned.constants[name] = {.dims = {6},
                              .floats = {array.floats.begin(), array.floats.begin() + 6}};
  expect_same(turned, drawn(images, 0));
}

TEST(OnnxForms, WhatContradictsItselfNamesItsNode) {
  Model model = with_convolution({{"Concat", "join", {"h", "x"}, {"y"}, {{"axis", number(2)}}}});
  model.inputs = {{"x", images}};
  EXPECT_NE(refusal(model).find("'join' (Concat)"), std::string::npos) << refusal(model);
  // More than any file may ask for is unsupported, not wrong.
  Model large{.opset = 13,
              .operations = {{"Expand", "grow", {"x", "to"}, {"y"}, {}}},
              .constants = {{"to", integers_array({1 << 15, 1 << 15})}},
              .outputs = {"y"}};
  EXPECT_THROW((void)evaluate(large, {{"x", drawn({1, 1}, 0)}}), Unsupported);
}

TEST(OnnxForms, ElementsAreMovedWhereAConvolutionReadsThemElsewhere) {
  // Channel shuffle of six channels in two groups, halves of channels, a mirrored map.
  const std::map<std::string, Array> constants{{"split", integers_array({0, 2, 3, 6, 7})},
                                               {"joined", integers_array({0, 6, 6, 7})},
                                               {"k", drawn({4, 6, 3, 3}, 2)},
                                               {"half", drawn({4, 3, 3, 3}, 3)},
                                               {"one", integers_array({1})},
                                               {"three", integers_array({3})},
                                               {"far", integers_array({100})},
                                               {"back", integers_array({5, 4, 3, 2, 1, 0})}};
  const std::vector<std::vector<Operation>> bodies{
      {{"Reshape", "a", {"x", "split"}, {"a"}, {}},
       {"Transpose", "b", {"a"}, {"b"}, {{"perm", numbers({0, 2, 1, 3, 4})}}},
       {"Reshape", "c", {"b", "joined"}, {"c"}, {}},
       {"Conv", "d", {"c", "k"}, {"y"}, {}}},
      {{"Split", "a", {"x"}, {"a", "b"}, {{"axis", number(1)}}},
       {"Conv", "d", {"b", "half"}, {"y"}, {}}},
      {{"Slice", "a", {"x", "three", "far", "one"}, {"a"}, {}},
       {"Conv", "d", {"a", "half"}, {"y"}, {}}},
      {{"Gather", "a", {"x", "back"}, {"a"}, {{"axis", number(2)}}},
       {"Conv", "d", {"a", "k"}, {"y"}, {}}}};
  for (const std::vector<Operation>& body : bodies) {
    Model model{.opset = 13, .operations = body, .constants = constants, .outputs = {"y"}};
    if (body[0].type == "Split") model.constants["halves"] = integers_array({3, 3});
    if (body[0].type == "Split") model.operations[0].inputs.push_back("halves");
    expect_same(model, drawn({2, 6, 6, 7}, 0));
  }
}

TEST(OnnxForms, JoinsAlongAnyAxis) {
  for (const std::int64_t axis : {1, 2, 3, -1}) {
    expect_same(with_convolution({{"Relu", "r", {"h"}, {"r"}, {}},
                                  {"Concat", "j", {"h", "r"}, {"y"}, {{"axis", number(axis)}}}}),
                drawn(images, 0));
  }
  Model rows = with_convolution({{"Flatten", "f", {"h"}, {"f"}, {}},
                                 {"Flatten", "g", {"x"}, {"g"}, {}},
                                 {"Concat", "j", {"f", "g"}, {"y"}, {{"axis", number(1)}}}});
  expect_same(rows, drawn(images, 0));
}

TEST(OnnxForms, ArithmeticWithConstantsMayStandAnywhere) {
  const std::vector<Array> constants{drawn({}, 5),           drawn({1}, 5), drawn({5, 1, 1}, 5),
                                     drawn({1, 5, 1, 1}, 5), drawn({7}, 5), drawn({5, 6, 7}, 5)};
  for (const char* type : {"Add", "Sub", "Mul", "Div"}) {
    for (const Array& constant : constants) {
      for (const bool left : {false, true}) {
        if (left && std::string(type) == "Div") continue;
        const std::vector<std::string> inputs =
            left ? std::vector<std::string>{"k", "v"} : std::vector<std::string>{"v", "k"};
        // Behind the convolution, and where no layer can take it.
        for (const char* before : {"Identity", "Relu"}) {
          Model model =
              with_convolution({{before, "v", {"h"}, {"v"}, {}}, {type, "a", inputs, {"y"}, {}}});
          model.constants["k"] = constant;
          for (float& one : model.constants["k"].floats) one += one < 0 ? -0.5f : 0.5f;
          expect_same(model, drawn(images, 0));
        }
      }
    }
  }
}

TEST(OnnxForms, AFactorBehindALayerGoesIntoItsWeights) {
  Model model = with_convolution({{"Mul", "a", {"h", "k"}, {"m"}, {}},
                                  {"Identity", "i", {"m"}, {"same"}, {}},
                                  {"Add", "b", {"same", "k"}, {"y"}, {}}});
  model.constants["k"] = drawn({5, 1, 1}, 5);
  model.inputs = {{"x", images}};
  const Imported imported = translate(model);
  ASSERT_EQ(imported.graph.nodes.size(), 2u);
  EXPECT_TRUE(imported.graph.nodes[1].bias);
  const std::vector<float>& k = model.constants["k"].floats;
  for (std::size_t c = 0; c < 5; ++c) {
    EXPECT_FLOAT_EQ(imported.layers.at(1).weight[c * 27 + 4],
                    model.constants["w"].floats[c * 27 + 4] * k[c]);
    EXPECT_FLOAT_EQ(imported.layers.at(1).bias[c], k[c]);
  }
}

TEST(OnnxForms, TwoReadersKeepAFactorOutOfTheLayer) {
  // Under another name, before and after.
  for (const bool earlier : {false, true}) {
    std::vector<Operation> rest{{"Constant", "", {}, {"k"}, {{"value_float", {.floats = {3.0f}}}}},
                                {"Identity", "i", {"h"}, {"same"}, {}},
                                {"Mul", "a", {"h", "k"}, {"m"}, {}},
                                {"Relu", "r", {"same"}, {"q"}, {}},
                                {"Sub", "b", {"m", "q"}, {"y"}, {}}};
    if (earlier) std::swap(rest[2], rest[3]);
    expect_same(with_convolution(rest), drawn(images, 0));
  }
  expect_same(with_convolution({{"Constant", "", {}, {"k"}, {{"value_float", {.floats = {3.0f}}}}},
                                {"Mul", "a", {"h", "k"}, {"m"}, {}},
                                {"Sub", "b", {"m", "h"}, {"y"}, {}}}),
              drawn(images, 0));
}

TEST(OnnxForms, ShapesAreComputedFromAnOpenNumberOfImages) {
  // view(x.size(0), -1) and view(-1, C * H * W) as exporters write them.
  Model model =
      with_convolution({{"Shape", "s", {"h"}, {"n"}, {{"start", number(0)}, {"end", number(1)}}},
                        {"Shape", "s2", {"h"}, {"all"}, {}},
                        {"Slice", "s3", {"all", "one", "far"}, {"rest"}, {}},
                        {"ReduceProd", "s4", {"rest"}, {"size"}, {{"keepdims", number(1)}}},
                        {"Concat", "s5", {"n", "size"}, {"to"}, {{"axis", number(0)}}},
                        {"Reshape", "v", {"h", "to"}, {"y"}, {{"allowzero", number(1)}}}});
  model.constants["one"] = integers_array({1});
  model.constants["far"] = integers_array({9});
  expect_same(model, drawn(images, 0));
}

TEST(OnnxForms, WhatOnlyRanksClassesIsLeftOut) {
  const std::vector<std::vector<Operation>> tails{
      {{"Softmax", "s", {"h"}, {"y"}, {{"axis", number(1)}}}},
      {{"LogSoftmax", "s", {"h"}, {"y"}, {{"axis", number(1)}}}},
      {{"Softmax", "s", {"h"}, {"p"}, {{"axis", number(1)}}}, {"Log", "l", {"p"}, {"y"}, {}}},
      {{"ArgMax", "s", {"h"}, {"p"}, {{"axis", number(1)}}},
       {"Cast", "l", {"p"}, {"y"}, {{"to", number(6)}}}}};
  for (const std::vector<Operation>& tail : tails) {
    const Model model = up_to_logits(with_convolution(tail));
    ASSERT_EQ(model.operations.size(), 1u) << tail.front().type;
    EXPECT_EQ(model.outputs, std::vector<std::string>{"h"});
  }
  // Over the images it is no ranking of classes; a sigmoid keeps its place.
  EXPECT_EQ(up_to_logits(with_convolution({{"ArgMax", "s", {"h"}, {"y"}, {}}})).operations.size(),
            2u);
  EXPECT_EQ(up_to_logits(with_convolution({{"Sigmoid", "s", {"h"}, {"y"}, {}}})).operations.size(),
            2u);
}

TEST(OnnxForms, FurtherOutputsAndWhatNobodyReadsAreLeftOut) {
  Model model = with_convolution({{"Relu", "r", {"h"}, {"y"}, {}},
                                  {"NonZero", "n", {"h"}, {"aux"}, {}},
                                  {"Sigmoid", "dead", {"y"}, {"unused"}, {}}});
  model.constants["unread"] = drawn({3}, 9);
  model.outputs = {"y", "aux"};
  const Model left = up_to_logits(model);
  EXPECT_EQ(left.operations.size(), 2u);
  EXPECT_FALSE(left.constants.contains("unread"));
}

TEST(OnnxForms, TheSoftmaxRunsOverWhatTheFileSays) {
  for (const std::int64_t axis : {1, -3})
    expect_same(with_convolution({{"Softmax", "s", {"h"}, {"y"}, {{"axis", number(axis)}}}}),
                drawn(images, 0));
  Model rows =
      with_convolution({{"Flatten", "f", {"h"}, {"f"}, {}}, {"Softmax", "s", {"f"}, {"y"}, {}}});
  expect_same(rows, drawn(images, 0));
  Model old = with_convolution({{"Softmax", "s", {"h"}, {"y"}, {{"axis", number(1)}}}});
  old.opset = 9;  // axes 1 to 3 as one
  expect_same(old, drawn(images, 0));
}

}  // namespace
}  // namespace lightloom::nn::onnx::forms_tests
