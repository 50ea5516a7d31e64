// Shapes, orders and endings as exporters write them.

#include "tests/nn/onnx/forms.hpp"

#include "nn/onnx/passes/tail.hpp"

namespace lightloom::nn::onnx::forms_tests {
namespace {

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
                         const std::map<std::string, Array>& constants) {
    Model model = with_convolution(std::move(operations));
    for (const auto& [name, array] : constants) model.constants[name] = array;
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
  // More rows than images, as long as no row has parts of two.
  expect_same(
      shaped({{"Reshape", "v", {"h", "to"}, {"v"}, {}}, relu}, {{"to", integers_array({-1, 7})}}),
      drawn(images, 0));
  Model mixed =
      shaped({{"Reshape", "v", {"h", "to"}, {"v"}, {}}, relu}, {{"to", integers_array({3, -1})}});
  mixed.inputs = {{"x", images}};
  EXPECT_NE(refusal(mixed).find("images that are not along the first axis"), std::string::npos);
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

TEST(OnnxForms, ShapesNoMachineHoldsAreRefused) {
  const std::int64_t large = std::int64_t{1} << 40;
  for (const std::vector<std::int64_t>& to : std::vector<std::vector<std::int64_t>>{
           {large, large, -1}, {-1, large}, {0, -2}, {0, 1 << 28, 1 << 28, 1 << 28, -1}}) {
    Model model = with_convolution({{"Reshape", "v", {"h", "to"}, {"y"}, {}}});
    model.constants["to"] = integers_array(to);
    model.inputs = {{"x", images}};
    EXPECT_NE(refusal(model).find("node 'v' (Reshape)"), std::string::npos) << refusal(model);
  }
  Model many = with_convolution({});
  many.outputs = {"h"};
  many.inputs = {{"x", {large, 3, 6, 7}}};
  EXPECT_NE(refusal(many).find("images at once"), std::string::npos);
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

TEST(OnnxForms, AnOpenNumberOfImagesIsNotCutChosenFromOrJoined) {
  // One image stands for all of them while the import goes on.
  const std::vector<Operation> all{
      {"Gather", "o", {"h", "first"}, {"y"}, {{"axis", number(0)}}},
      {"Split", "o", {"h"}, {"y"}, {{"axis", number(0)}, {"num_outputs", number(1)}}},
      {"Slice", "o", {"h", "starts", "ends"}, {"y"}, {}},
      {"Flatten", "o", {"h"}, {"y"}, {{"axis", number(0)}}},
      {"Softmax", "o", {"h"}, {"y"}, {{"axis", number(-4)}}}};
  for (const Operation& one : all) {
    Model model = with_convolution({one});
    model.constants["first"] = integers_array({0});
    model.constants["starts"] = integers_array({-1});
    model.constants["ends"] = integers_array({9});
    model.inputs = {{"x", {0, 3, 6, 7}}};
    EXPECT_NE(refusal(model).find("images"), std::string::npos) << one.type << refusal(model);
  }
  Model whole = with_convolution({{"Slice", "o", {"h", "starts", "ends"}, {"y"}, {}}});
  whole.constants["starts"] = integers_array({0});
  whole.constants["ends"] = integers_array({std::int64_t{1} << 60});
  expect_same(whole, drawn(images, 0));
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

TEST(OnnxForms, NumbersOfClassesLookedUpAsLabelsAreLeftOutWhereTheyStay) {
  // The end of scikit-learn's classifiers, whose label comes before the probabilities.
  Model model =
      with_convolution({{"Softmax", "s", {"h"}, {"p"}, {{"axis", number(1)}}},
                        {"ArgMax", "a", {"p"}, {"k"}, {{"axis", number(1)}}},
                        {"ai.onnx.ml.ArrayFeatureExtractor", "f", {"classes", "k"}, {"l"}, {}},
                        {"Cast", "c", {"l"}, {"y"}, {{"to", number(7)}}}});
  model.constants["classes"] = integers_array({0, 1, 2, 3});
  EXPECT_EQ(up_to_logits(model).outputs, std::vector<std::string>{"h"});
  // Other labels are other predictions.
  model.constants["classes"] = integers_array({3, 1, 2, 0});
  EXPECT_EQ(up_to_logits(model).outputs, std::vector<std::string>{"y"});
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

TEST(OnnxForms, WhatChangesOnePartOfASplitLeavesTheOthers) {
  // A constant goes into the layer in front only where nothing else reads that: a Split reads once
  // and gives several to read.
  for (const char* type : {"Mul", "Add", "Sub", "Div"})
    for (const auto& [name, constant] : std::map<std::string, Array>{
             {"a number", drawn({1}, 7)}, {"a number a channel", drawn({2, 1, 1}, 8)}}) {
      Model model =
          with_convolution({{"Split", "s", {"h", "sizes"}, {"a", "b"}, {{"axis", number(1)}}},
                            {type, "m", {"a", "k"}, {"c"}, {}},
                            {"Concat", "j", {"c", "b"}, {"y"}, {{"axis", number(1)}}}});
      model.constants["sizes"] = integers_array({2, 3});
      model.constants["k"] = constant;
      SCOPED_TRACE(std::string(type) + " by " + name);
      expect_same(model, drawn(images, 0));
    }
}

TEST(OnnxForms, QueriesOfASplitAreScaledAlone) {
  // timm's attention: qkv, one Split of five axes, squeezed, the queries by a number.
  Model model{
      .opset = 13,
      .operations = {{"MatMul", "w", {"x", "qkv"}, {"h"}, {}},
                     {"Reshape", "r", {"h", "to"}, {"five"}, {}},
                     {"Transpose", "t", {"five"}, {"p"}, {{"perm", numbers({2, 0, 3, 1, 4})}}},
                     {"Split", "s", {"p", "ones"}, {"q3", "k3", "v3"}, {{"axis", number(0)}}},
                     {"Squeeze", "q", {"q3", "first"}, {"q"}, {}},
                     {"Squeeze", "k", {"k3", "first"}, {"k"}, {}},
                     {"Squeeze", "v", {"v3", "first"}, {"v"}, {}},
                     {"Mul", "m", {"q", "scale"}, {"scaled"}, {}},
                     {"Transpose", "kt", {"k"}, {"keys"}, {{"perm", numbers({0, 1, 3, 2})}}},
                     {"MatMul", "qk", {"scaled", "keys"}, {"z"}, {}},
                     {"Softmax", "a", {"z"}, {"soft"}, {{"axis", number(-1)}}},
                     {"MatMul", "av", {"soft", "v"}, {"y"}, {}}},
      .constants = {{"qkv", drawn({8, 24}, 1)},
                    {"to", integers_array({0, 5, 3, 2, 4})},
                    {"ones", integers_array({1, 1, 1})},
                    {"first", integers_array({0})},
                    {"scale", drawn({1}, 3)}},
      .outputs = {"y"}};
  expect_same(model, drawn({2, 5, 8}, 0));
}

}  // namespace
}  // namespace lightloom::nn::onnx::forms_tests
