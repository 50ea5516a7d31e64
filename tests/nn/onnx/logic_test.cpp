// Comparisons, selections and rarer operators of exporters, spelt out in arithmetic.
#include "tests/nn/onnx/chain.hpp"
#include "tests/nn/onnx/forms.hpp"

namespace lightloom::nn::onnx::forms_tests {
namespace {

void expect_same_of_images(Model model) { expect_same(std::move(model), drawn(images, 0)); }

/// Two values of one convolution, and a third from another.
Model with_two(std::vector<Operation> rest) {
  Model model =
      with_convolution({{"Conv", "d", {"x", "w2"}, {"g"}, {{"pads", numbers({1, 1, 1, 1})}}}});
  model.constants["w2"] = drawn({5, 3, 3, 3}, 9);
  for (Operation& one : rest) model.operations.push_back(std::move(one));
  return model;
}

TEST(OnnxLogic, ComparisonsSelectAmongValues) {
  for (const char* type : {"Greater", "Less", "GreaterOrEqual", "LessOrEqual"}) {
    expect_same_of_images(
        with_two({{type, "c", {"h", "g"}, {"c"}, {}}, {"Where", "s", {"c", "h", "g"}, {"y"}, {}}}));
    // Of one value and a number: an activation of its own.
    Model own = with_convolution({{type, "c", {"h", "k"}, {"c"}, {}},
                                  {"Mul", "m", {"h", "f"}, {"m"}, {}},
                                  {"Where", "s", {"c", "h", "m"}, {"y"}, {}}});
    own.constants["k"] = {.dims = {}, .floats = {0.1f}};
    own.constants["f"] = {.dims = {}, .floats = {0.2f}};
    expect_same_of_images(own);
    own.inputs = {{"x", images}};
    EXPECT_EQ(translate(own).graph.nodes.size(), 3u) << "input, convolution, activation";
  }
}

TEST(OnnxLogic, TruthsCombineAndCountAsNumbers) {
  for (const char* type : {"And", "Or", "Xor"}) {
    Model model = with_two({{"Greater", "a", {"h", "k"}, {"a"}, {}},
                            {"Less", "b", {"g", "k"}, {"b"}, {}},
                            {type, "t", {"a", "b"}, {"t"}, {}},
                            {"Not", "n", {"t"}, {"n"}, {}},
                            {"Cast", "f", {"n"}, {"f"}, {{"to", number(1)}}},
                            {"Mul", "m", {"f", "h"}, {"y"}, {}}});
    model.constants["k"] = {.dims = {}, .floats = {0.05f}};
    expect_same_of_images(model);
  }
  // Equal: where a rectified value is 0.
  Model zero = with_convolution({{"Relu", "r", {"h"}, {"r"}, {}},
                                 {"Equal", "e", {"r", "k"}, {"e"}, {}},
                                 {"Cast", "f", {"e"}, {"y"}, {{"to", number(1)}}}});
  zero.constants["k"] = {.dims = {}, .floats = {0}};
  expect_same_of_images(zero);
  // A cast to a truth and back: whether it is not 0.
  expect_same_of_images(with_convolution({{"Relu", "r", {"h"}, {"r"}, {}},
                                          {"Cast", "t", {"r"}, {"t"}, {{"to", number(9)}}},
                                          {"Cast", "f", {"t"}, {"y"}, {{"to", number(1)}}}}));
}

TEST(OnnxLogic, MasksOfConstantsMayHoldInfinities) {
  // A causal mask: later positions count nothing in the softmax.
  Model model{.opset = 18,
              .operations = {{"Where", "m", {"mask", "x", "low"}, {"m"}, {}},
                             {"Softmax", "s", {"m"}, {"y"}, {{"axis", number(-1)}}}},
              .outputs = {"y"}};
  Array mask{.dims = {5, 5}, .type = ElementType::boolean};
  for (std::int64_t i = 0; i < 5; ++i)
    for (std::int64_t j = 0; j < 5; ++j) mask.integers.push_back(j <= i ? 1 : 0);
  model.constants["mask"] = mask;
  model.constants["low"] = {.dims = {}, .floats = {-INFINITY}};
  expect_same(model, drawn({2, 1, 5, 5}, 3));
}

TEST(OnnxLogic, LargestAndLeastAreOfValuesAndConstantsOfAnyShape) {
  for (const char* type : {"Max", "Min"}) {
    Model model = with_two({{type, "m", {"h", "k", "g"}, {"y"}, {}}});
    model.constants["k"] = drawn({5, 1, 1}, 4);
    expect_same_of_images(model);
  }
}

TEST(OnnxLogic, RarerOperatorsAreTheirFormulas) {
  for (const Operation& one : std::vector<Operation>{
           {"LRN",
            "l",
            {"h"},
            {"y"},
            {{"size", number(4)},
             {"alpha", {.floats = {0.3f}}},
             {"beta", {.floats = {0.6f}}},
             {"bias", {.floats = {1.5f}}}}},
           {"LRN", "l", {"h"}, {"y"}, {{"size", number(3)}}},
           {"Shrink",
            "s",
            {"h"},
            {"y"},
            {{"lambd", {.floats = {0.2f}}}, {"bias", {.floats = {0.1f}}}}},
           {"ThresholdedRelu", "t", {"h"}, {"y"}, {{"alpha", {.floats = {0.15f}}}}},
           {"LpNormalization", "n", {"h"}, {"y"}, {{"axis", number(1)}, {"p", number(1)}}},
           {"LpNormalization", "n", {"h"}, {"y"}, {{"axis", number(1)}}},
           {"ReduceLogSumExp", "r", {"h", "axes"}, {"y"}, {}},
           {"Mean", "a", {"h", "h", "h"}, {"y"}, {}},
           {"Floor", "f", {"h"}, {"y"}, {}},
           {"Ceil", "f", {"h"}, {"y"}, {}},
           {"Round", "f", {"h"}, {"y"}, {}}}) {
    Model model = with_convolution({one});
    model.constants["axes"] = integers_array({2, 3});
    SCOPED_TRACE(one.type);
    expect_same_of_images(model);
  }
  Model root{.opset = 23,
             .operations =
                 {{"RMSNormalization", "n", {"x", "g"}, {"y"}, {{"epsilon", {.floats = {1e-3f}}}}}},
             .outputs = {"y"}};
  root.constants["g"] = drawn({7}, 4);
  expect_same(root, drawn({2, 3, 7}, 0));
  // As PyTorch spells local response out: squares pooled along the channels of a fifth axis.
  expect_same_of_images(
      with_convolution({{"Mul", "q", {"h", "h"}, {"q"}, {}},
                        {"Unsqueeze", "u", {"q"}, {"u"}, {{"axes", numbers({1})}}},
                        {"AveragePool",
                         "p",
                         {"u"},
                         {"p"},
                         {{"kernel_shape", numbers({3, 1, 1})},
                          {"pads", numbers({1, 0, 0, 1, 0, 0})},
                          {"count_include_pad", number(1)}}},
                        {"Squeeze", "z", {"p"}, {"y"}, {{"axes", numbers({1})}}}}));
}

TEST(OnnxLogic, WhatIsSpeltOutTrains) {
  chains::Chain c({2, 3, 4, 5});
  const std::string h = c.add("Conv", {"x", c.random({4, 3, 1, 1})});
  const std::string truth = c.add("Greater", {h, c.scalar(0.05f)});
  const std::string less = c.add("Mul", {h, c.scalar(0.3f)});
  c.add("Where", {truth, h, less});
  c.add("LRN", {c.last}, {{"size", number(3)}, {"alpha", {.floats = {0.5f}}}});
  chains::expect_right_gradients(c.model, 2e-2);
  chains::expect_same_function(c.model);
}

}  // namespace
}  // namespace lightloom::nn::onnx::forms_tests
