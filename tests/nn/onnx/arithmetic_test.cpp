// Arithmetic with constants, reductions and normalisations wherever exporters put them.

#include "tests/nn/onnx/forms.hpp"

namespace lightloom::nn::onnx::forms_tests {
namespace {

TEST(OnnxArithmetic, AMeanOverTheMapIsAPoolWhicheverWayItIsWritten) {
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

TEST(OnnxArithmetic, ReductionsTakeAnyAxesButTheImages) {
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

TEST(OnnxArithmetic, AConcatAlongAnAxisThatIsNotThereIsRefused) {
  Model model{.opset = 17,
              .operations = {{"Concat", "c", {"x", "x"}, {"y"}, {{"axis", number(1)}}}},
              .outputs = {"y"}};
  model.inputs = {{"x", {3}}};
  EXPECT_NE(refusal(model), "");
}

TEST(OnnxArithmetic, AProductWithNothingIsRefused) {
  Model model{
      .opset = 17, .operations = {{"MatMul", "m", {"x", "w"}, {"y"}, {}}}, .outputs = {"y"}};
  model.inputs = {{"x", {1, 2, 3}}};
  model.constants["w"] = {.dims = {0, 3, 2}};
  EXPECT_NE(refusal(model).find("a constant without elements"), std::string::npos)
      << refusal(model);
}

TEST(OnnxArithmetic, ASoftmaxOverAllImagesOfABatchIsRefused) {
  Model model{.opset = 11,
              .operations = {{"Softmax", "s", {"x"}, {"y"}, {{"axis", number(0)}}}},
              .outputs = {"y"}};
  model.inputs = {{"x", {3, 6}}};
  EXPECT_NE(refusal(model).find("a row that is longer than an image"), std::string::npos)
      << refusal(model);
}

// Rows of 2^14 by columns of 2^14: 2^28 numbers, asked for in a hundred bytes.
TEST(OnnxArithmetic, ValuesThatGrowBeyondMemoryAreRefused) {
  Model model{.opset = 17,
              .operations = {{"Reshape", "r", {"x", "shape"}, {"r"}, {}},
                             {"Transpose", "t", {"r"}, {"t"}, {{"perm", numbers({0, 2, 1})}}},
                             {"Mul", "m", {"r", "t"}, {"y"}, {}}},
              .outputs = {"y"}};
  model.constants["shape"] = integers_array({0, 1, 1 << 14});
  model.inputs = {{"x", {0, 1 << 14}}};
  EXPECT_NE(refusal(model).find("a value of this size"), std::string::npos) << refusal(model);
}

// A damaged file; what its operations lack is not looked for (the sanitisers would see it).
TEST(OnnxArithmetic, OperationsWithTooFewInputsAreRefused) {
  for (const char* type : {"Div",
                           "Sub",
                           "Add",
                           "Mul",
                           "Pow",
                           "ReduceMean",
                           "Sqrt",
                           "Concat",
                           "Slice",
                           "LRN",
                           "ReduceLogSum",
                           "ReduceLogSumExp",
                           "Greater",
                           "Where",
                           "Gemm",
                           "MatMul",
                           "Conv",
                           "QLinearConv",
                           "DequantizeLinear",
                           "Reshape"}) {
    Model model{.opset = 17, .operations = {{type, "o", {}, {"y"}, {}}}, .outputs = {"y"}};
    model.inputs = {{"x", {0, 6}}};
    EXPECT_ANY_THROW(translate(model)) << type;
  }
  // What is looked for behind a division: (x - mean) / sqrt(variance + epsilon).
  const std::vector<Operation> lacking[] = {{{"Div", "d", {"x"}, {"y"}, {}}},
                                            {{"Sub", "s", {"x"}, {"s"}, {}},
                                             {"Sqrt", "r", {}, {"r"}, {}},
                                             {"Div", "d", {"s", "r"}, {"y"}, {}}},
                                            {{"Sub", "s", {"x"}, {"s"}, {}},
                                             {"Add", "a", {"x"}, {"a"}, {}},
                                             {"Sqrt", "r", {"a"}, {"r"}, {}},
                                             {"Div", "d", {"s", "r"}, {"y"}, {}}}};
  for (const std::vector<Operation>& operations : lacking) {
    Model model{.opset = 17, .operations = operations, .outputs = {"y"}};
    model.inputs = {{"x", {0, 6}}};
    EXPECT_ANY_THROW(translate(model)) << operations.size();
  }
}

TEST(OnnxArithmetic, NormalisationsReachTheirChannelsInAnyOrder) {
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

TEST(OnnxArithmetic, ArithmeticWithConstantsMayStandAnywhere) {
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

TEST(OnnxArithmetic, AFactorBehindALayerGoesIntoItsWeights) {
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

TEST(OnnxArithmetic, NumbersBehindALayerGoIntoItsWeightsAndBias) {
  // ((h - 1) / 4 + 2) * 3 = 3/4 h + 21/4.
  Model model = with_convolution({{"Sub", "a", {"h", "one"}, {"a"}, {}},
                                  {"Div", "b", {"a", "four"}, {"b"}, {}},
                                  {"Add", "c", {"two", "b"}, {"c"}, {}},
                                  {"Mul", "d", {"c", "three"}, {"y"}, {}}});
  const std::map<std::string, float> given{{"one", 1}, {"two", 2}, {"three", 3}, {"four", 4}};
  for (const auto& [name, value] : given) model.constants[name] = {.dims = {}, .floats = {value}};
  expect_same(model, drawn(images, 0));
  model.inputs = {{"x", images}};
  const Imported imported = translate(model);
  ASSERT_EQ(imported.graph.nodes.size(), 2u);
  EXPECT_FLOAT_EQ(imported.layers.at(1).weight[0], 0.75f * model.constants["w"].floats[0]);
  EXPECT_FLOAT_EQ(imported.layers.at(1).bias[4], 5.25f);
}

TEST(OnnxArithmetic, SumsTakeConstantsAnywhereAndNothingIsDividedByZero) {
  Model model = with_convolution({{"Sum", "s", {"k", "h", "h", "k"}, {"y"}, {}}});
  model.constants["k"] = drawn({5, 1, 1}, 5);
  expect_same(model, drawn(images, 0));
  model = with_convolution({{"Div", "d", {"h", "k"}, {"y"}, {}}});
  model.constants["k"] = {.dims = {5, 1, 1}, .floats = {1, 2, 0, 4, 5}};
  model.inputs = {{"x", images}};
  EXPECT_NE(refusal(model).find("'d' (Div): a division by zero"), std::string::npos);
}

TEST(OnnxArithmetic, TwoReadersKeepAFactorOutOfTheLayer) {
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

TEST(OnnxArithmetic, TheSoftmaxRunsOverWhatTheFileSays) {
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
