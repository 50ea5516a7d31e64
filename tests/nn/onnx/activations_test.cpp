// Activations and normalisations as exporters write them, through the import.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/nn/onnx/chain.hpp"

namespace lightloom::nn::onnx {
namespace {

using namespace chains;

struct KnownActivation {
  const char* type;
  std::map<std::string, Attribute> attributes;
  double (*expected)(double);
};

TEST(OnnxActivations, ActivationsAreTheirFormulas) {
  const KnownActivation cases[] = {
      {"LeakyRelu", {{"alpha", real_number(0.25f)}}, [](double v) { return v < 0 ? v / 4 : v; }},
      {"Elu",
       {{"alpha", real_number(0.5f)}},
       [](double v) { return v < 0 ? (std::exp(v) - 1) / 2 : v; }},
      {"Celu",
       {{"alpha", real_number(2)}},
       [](double v) { return v < 0 ? 2 * (std::exp(v / 2) - 1) : v; }},
      {"Selu",
       {},
       [](double v) {
         return 1.0507009873554805 * (v < 0 ? 1.6732632423543772 * (std::exp(v) - 1) : v);
       }},
      {"Softplus", {}, [](double v) { return std::log1p(std::exp(v)); }},
      {"Softsign", {}, [](double v) { return v / (1 + std::abs(v)); }},
      {"Mish", {}, [](double v) { return v * std::tanh(std::log1p(std::exp(v))); }},
      {"HardSigmoid",
       {{"alpha", real_number(0.5f)}, {"beta", real_number(0.25f)}},
       [](double v) { return std::min(1.0, std::max(0.0, v / 2 + 0.25)); }},
      {"HardSwish", {}, [](double v) { return v * std::min(1.0, std::max(0.0, v / 6 + 0.5)); }},
      {"Gelu",
       {{"approximate", word("tanh")}},
       [](double v) {
         return v / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
       }},
      {"Gelu", {}, [](double v) { return v / 2 * (1 + std::erf(v / std::sqrt(2.0))); }},
  };
  for (const KnownActivation& one : cases) {
    Chain c({2, 3, 4, 5}, 20);
    c.add(one.type, {"x"}, one.attributes);
    Network network = network_of(translate(c.model), {});
    ASSERT_EQ(network.graph().nodes.size(), 2u) << one.type;
    Inference inference(network);
    Tensor x(TensorShape(2, network.graph().nodes[0].shape));
    for (int i = 0; i < 120; ++i) x.data()[i] = static_cast<float>(i - 60) / 11;
    const Tensor& y = inference.forward(x);
    for (int i = 0; i < 120; ++i)
      ASSERT_NEAR(y.data()[i], one.expected(x.data()[i]), 3e-6 * (1 + std::abs(x.data()[i])))
          << one.type;
  }
}

TEST(OnnxActivations, ActivationsWrittenStepByStepAreOneNode) {
  Chain erf({2, 3, 4, 5}, 13);
  const std::string half = erf.add("Mul", {"x", erf.scalar(0.5f)});
  erf.add("Div", {"x", erf.scalar(std::sqrt(2.0f))});
  erf.add("Erf", {erf.last});
  erf.add("Add", {erf.last, erf.scalar(1)});
  erf.add("Mul", {half, erf.last});
  expect_same_function(erf.model);
  const Graph gelu = translate(erf.model).graph;
  ASSERT_EQ(gelu.nodes.size(), 2u);
  EXPECT_EQ(gelu.nodes[1].activation, Activation::gelu);

  Chain cube({2, 3, 4, 5}, 13);
  cube.add("Pow", {"x", cube.scalar(3)});
  cube.add("Mul", {cube.last, cube.scalar(0.044715f)});
  cube.add("Add", {"x", cube.last});
  cube.add("Mul", {cube.last, cube.scalar(0.79788456f)});
  cube.add("Tanh", {cube.last});
  const std::string one = cube.add("Add", {cube.last, cube.scalar(1)});
  cube.add("Mul", {"x", one});
  cube.add("Mul", {cube.last, cube.scalar(0.5f)});
  expect_same_function(cube.model);
  EXPECT_EQ(translate(cube.model).graph.nodes.size(), 2u);

  Chain swish({2, 3, 4, 5}, 13);
  swish.add("Add", {"x", swish.scalar(3)});
  swish.add("Clip", {swish.last, swish.scalar(0), swish.scalar(6)});
  swish.add("Mul", {"x", swish.last});
  swish.add("Div", {swish.last, swish.scalar(6)});
  EXPECT_EQ(translate(swish.model).graph.nodes[1].activation, Activation::hard_swish);
}

TEST(OnnxActivations, ParametricSlopesAreTrained) {
  for (const Sides& slope : {Sides{1}, Sides{3, 1, 1}}) {
    Chain c({2, 3, 4, 5});
    c.add("PRelu", {"x", c.random(slope)});
    expect_same_function(c.model);
    if (slope.size() > 1) expect_right_gradients(c.model, 2e-2);
  }
}

TEST(OnnxActivations, NormalisationsSpeltOutAreNormalisations) {
  Chain group({2, 6, 4, 5}, 13);
  group.add("Conv", {"x", group.random({6, 6, 1, 1})});
  group.add("Reshape", {group.last, group.whole({0, 3, -1})});
  group.model.constants["ones"] = {.dims = {3}, .floats = {1, 1, 1}};
  group.model.constants["zeros"] = {.dims = {3}, .floats = {0, 0, 0}};
  group.add("InstanceNormalization", {group.last, "ones", "zeros"},
            {{"epsilon", real_number(1e-3f)}});
  group.add("Reshape", {group.last, group.whole({2, 6, 4, 5})});
  group.add("Mul", {group.last, group.random({6, 1, 1})});
  group.add("Add", {group.last, group.random({6, 1, 1})});
  expect_same_function(group.model);
  expect_right_gradients(group.model);
  const Graph graph = translate(group.model).graph;
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[2].op, Op::group_norm);
  EXPECT_EQ(graph.nodes[2].groups, 3);

  Chain layer({2, 7, 6}, 13);
  layer.add("MatMul", {"x", layer.random({6, 5})});
  const std::string x = layer.last;
  layer.add("ReduceMean", {x}, {{"axes", whole_numbers({-1})}});
  const std::string centred = layer.add("Sub", {x, layer.last});
  layer.add("Pow", {centred, layer.scalar(2)});
  layer.add("ReduceMean", {layer.last}, {{"axes", whole_numbers({-1})}});
  layer.add("Add", {layer.last, layer.scalar(1e-3f)});
  layer.add("Sqrt", {layer.last});
  layer.add("Div", {centred, layer.last});
  layer.add("Mul", {layer.last, layer.random({5})});
  layer.add("Add", {layer.last, layer.random({5})});
  layer.add("MatMul", {layer.last, layer.random({5, 3})});
  expect_same_function(layer.model);
  expect_right_gradients(layer.model);
  int norms = 0;
  for (const Node& node : translate(layer.model).graph.nodes) norms += node.op == Op::layer_norm;
  EXPECT_EQ(norms, 1);
}

}  // namespace
}  // namespace lightloom::nn::onnx
