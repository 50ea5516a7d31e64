// Layers as exporters write them, through the import: the interpreter is the reference of the
// numbers, differences that of the gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "nn/inference/inference.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/export.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "nn/train/training_pass.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn::onnx {
namespace {

using Sides = std::vector<std::int64_t>;

Attribute number(std::int64_t value) { return {.integers = {value}}; }
Attribute numbers(Sides values) { return {.integers = std::move(values), .list = true}; }
Attribute real_number(float value) { return {.floats = {value}}; }
Attribute word(std::string value) { return {.text = std::move(value)}; }

/// A chain of operations on one input, written as an exporter would.
struct Chain {
  Model model;
  std::string last = "x";
  int made = 0;

  Chain(Sides dims, std::int64_t opset = 17) {
    model.opset = opset;
    model.inputs = {{.name = "x", .dims = std::move(dims)}};
    model.outputs = {"x"};
  }
  std::string random(Sides dims) {
    const std::string name = "c" + std::to_string(++made);
    Array a{.dims = std::move(dims)};
    a.floats = reference::floats(reference::random_doubles(static_cast<std::size_t>(a.size()),
                                                           static_cast<std::uint32_t>(made)));
    for (float& v : a.floats) v *= 0.4f;
    model.constants[name] = std::move(a);
    return name;
  }
  std::string whole(Sides values) {
    const std::string name = "i" + std::to_string(++made);
    model.constants[name] = integers_array(std::move(values));
    return name;
  }
  std::string scalar(float value) {
    const std::string name = "s" + std::to_string(++made);
    model.constants[name] = {.dims = {}, .floats = {value}};
    return name;
  }
  std::string add(const std::string& type, std::vector<std::string> inputs,
                  std::map<std::string, Attribute> attributes = {}) {
    last = "v" + std::to_string(++made);
    model.operations.push_back(
        {type, type + std::to_string(made), std::move(inputs), {last}, std::move(attributes)});
    model.outputs = {last};
    return last;
  }
};

Array input_of(const Model& model) {
  Array x{.dims = model.inputs[0].dims};
  if (x.dims[0] == 0) x.dims[0] = 1;
  x.floats = reference::floats(reference::random_doubles(static_cast<std::size_t>(x.size()), 77));
  return x;
}

std::vector<float> in_file_order(const Tensor& t, const Sides& dims) {
  if (dims.size() == 4) return to_channels_first(t);
  return {t.values().begin(), t.values().end()};
}

/// The import gives what the interpreter gives; the same again through a file of our own.
void expect_same_function(const Model& model, double tolerance = 2e-5) {
  const Array x = input_of(model);
  const Array expected = evaluate(model, {{"x", x}}).front();
  Imported imported = translate(model);
  const Sides dims = imported.output_dims;
  Network network = network_of(std::move(imported), {});
  Inference inference(network);
  const Tensor batch = to_channels_last(x, network.graph().nodes[0].shape);
  const std::vector<float> got = in_file_order(inference.forward(batch), dims);
  ASSERT_EQ(dims, expected.dims);
  ASSERT_EQ(got.size(), expected.floats.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], expected.floats[i], tolerance * (1 + std::abs(expected.floats[i]))) << i;
  Model exported = export_model(network);
  exported.inputs[0].dims[0] = x.dims[0];
  Network again = network_of(translate(exported), {});
  Inference other(again);
  const Tensor& second = other.forward(batch);
  const Tensor& first = inference.forward(batch);
  ASSERT_EQ(second.shape().size(), first.shape().size());
  for (std::size_t i = 0; i < first.values().size(); ++i)
    ASSERT_NEAR(second.values()[i], first.values()[i],
                tolerance * (1 + std::abs(first.values()[i])))
        << "exported, " << i;
}

double loss_of(TrainingPass& pass, const Tensor& batch, const std::vector<float>& weights) {
  const std::span<const float> y = pass.forward(batch, {}).values();
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += double{y[i]} * weights[i];
  return sum;
}

/// Every parameter's gradient along a random direction is the difference of the loss.
void expect_right_gradients(const Model& model, double tolerance = 4e-3) {
  Network network = network_of(translate(model), {});
  TrainingPass pass(network, 0);
  const Tensor batch = to_channels_last(input_of(model), network.graph().nodes[0].shape);
  const std::size_t size = pass.forward(batch, {}).values().size();
  const std::vector<float> weights = reference::floats(reference::random_doubles(size, 5));
  for (Parameter* p : network.parameters()) std::fill(p->gradient.begin(), p->gradient.end(), 0.0f);
  Tensor d_logits(pass.forward(batch, {}).shape());
  std::copy(weights.begin(), weights.end(), d_logits.data());
  pass.backward(d_logits);
  std::uint32_t family = 200;
  for (Parameter* p : network.parameters()) {
    const std::vector<float> kept = p->value;
    const auto along = reference::random_doubles(kept.size(), ++family);
    double expected = 0, length = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      expected += along[i] * p->gradient[i];
      length += double{p->gradient[i]} * p->gradient[i];
    }
    const double h = 4e-3 / std::sqrt(static_cast<double>(kept.size()));
    const auto moved = [&](double step) {
      for (std::size_t i = 0; i < kept.size(); ++i)
        p->value[i] = static_cast<float>(kept[i] + step * along[i]);
      return loss_of(pass, batch, weights);
    };
    const double got = (moved(h) - moved(-h)) / (2 * h);
    p->value = kept;
    EXPECT_NEAR(got, expected, tolerance * (1 + std::sqrt(length))) << p->name;
  }
}

Model convolution(std::map<std::string, Attribute> attributes, Sides weight, Sides input) {
  Chain c(std::move(input));
  const Sides bias{weight[0]};
  const std::string w = c.random(std::move(weight)), b = c.random(bias);
  c.add("Conv", {c.last, w, b}, std::move(attributes));
  return c.model;
}

TEST(OnnxLayers, ConvolutionsDifferBySideAndByAxis) {
  const std::map<std::string, Attribute> cases[] = {
      {{"pads", numbers({0, 2, 1, 3})}, {"strides", numbers({2, 1})}},
      {{"auto_pad", word("SAME_UPPER")}, {"strides", numbers({2, 3})}},
      {{"auto_pad", word("SAME_LOWER")},
       {"strides", numbers({2, 2})},
       {"dilations", numbers({1, 2})}},
      {{"auto_pad", word("VALID")}, {"dilations", numbers({3, 1})}}};
  for (const auto& attributes : cases) {
    const Model model = convolution(attributes, {5, 3, 3, 2}, {2, 3, 9, 8});
    expect_same_function(model);
    expect_right_gradients(model);
  }
  std::map<std::string, Attribute> groups{{"group", number(2)}, {"pads", numbers({1, 0, 0, 2})}};
  expect_same_function(convolution(groups, {6, 2, 3, 3}, {2, 4, 6, 7}));
  expect_same_function(convolution({{"strides", numbers({2})}, {"pads", numbers({2, 1})}},
                                   {4, 3, 5}, {2, 3, 21}));  // of one axis
}

TEST(OnnxLayers, APaddingBeforeALayerIsThatLayersPadding) {
  Chain c({2, 3, 8, 7});
  c.add("Pad", {"x", c.whole({0, 0, 0, 2, 0, 0, 1, 3})});
  c.add("Conv", {c.last, c.random({4, 3, 3, 3})}, {{"strides", numbers({2, 2})}});
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
  const Attribute kernel = numbers({3, 2});
  const std::map<std::string, Attribute> cases[] = {
      {{"kernel_shape", kernel}, {"strides", numbers({2, 1})}, {"pads", numbers({0, 1, 2, 0})}},
      {{"kernel_shape", kernel}, {"strides", numbers({2, 3})}, {"ceil_mode", number(1)}},
      {{"kernel_shape", kernel},
       {"strides", numbers({2, 2})},
       {"pads", numbers({1, 0, 1, 1})},
       {"ceil_mode", number(1)}},
      {{"kernel_shape", kernel}, {"auto_pad", word("SAME_LOWER")}, {"strides", numbers({2, 2})}}};
  for (const auto& attributes : cases) {
    for (const char* type : {"MaxPool", "AveragePool"}) {
      for (const std::int64_t counted : {0, 1}) {
        Chain c({2, 3, 8, 7}, 19);
        auto own = attributes;
        if (type == std::string("AveragePool")) own["count_include_pad"] = number(counted);
        c.add("Conv", {"x", c.random({3, 3, 1, 1})});
        c.add(type, {c.last}, own);
        expect_same_function(c.model);
        if (type == std::string("AveragePool")) expect_right_gradients(c.model);
      }
    }
  }
  Chain dilated({2, 3, 9, 8});
  dilated.add("MaxPool", {"x"}, {{"kernel_shape", kernel}, {"dilations", numbers({2, 3})}});
  expect_same_function(dilated.model);
}

TEST(OnnxLayers, TransposedConvolutionsAreConvolutions) {
  struct Case {
    Sides weight;
    std::map<std::string, Attribute> attributes;
  };
  const Case cases[] = {
      {{3, 4, 2, 2}, {{"strides", numbers({2, 2})}}},
      {{3, 4, 4, 6}, {{"strides", numbers({2, 3})}, {"pads", numbers({1, 0, 2, 1})}}},
      {{3, 4, 3, 3},
       {{"strides", numbers({2, 2})},
        {"pads", numbers({1, 1, 1, 1})},
        {"output_padding", numbers({1, 1})}}},
      {{3, 4, 3, 2}, {{"strides", numbers({1, 2})}, {"dilations", numbers({2, 1})}}},
      {{3, 4, 3, 3}, {{"pads", numbers({2, 2, 2, 2})}}},
      {{3, 4, 2, 2}, {{"strides", numbers({3, 3})}, {"pads", numbers({1, 0, 0, 1})}}},
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
                {{"group", number(3)}, {"strides", numbers({2, 2})}});
    expect_same_function(grouped.model);
  }
  // Kernels of whole strides cost no more than they did: 9 x 4 weights at every pixel of the input.
  Chain whole({1, 3, 5, 6});
  whole.add("ConvTranspose", {"x", whole.random({3, 4, 3, 3})}, {{"strides", numbers({3, 3})}});
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
  shuffle.add("Transpose", {shuffle.last}, {{"perm", numbers({0, 2, 1, 3, 4})}});
  shuffle.add("Reshape", {shuffle.last, shuffle.whole({2, 6, 5, 4})});
  shuffle.add("Conv", {shuffle.last, shuffle.random({3, 6, 1, 1})});
  expect_same_function(shuffle.model);
  for (const char* mode : {"DCR", "CRD"}) {
    Chain c({2, 3, 4, 6});
    c.add("Conv", {"x", c.random({8, 3, 1, 1})});
    c.add("DepthToSpace", {c.last}, {{"blocksize", number(2)}, {"mode", word(mode)}});
    c.add("Conv", {c.last, c.random({3, 2, 3, 3})});
    c.add("SpaceToDepth", {c.last}, {{"blocksize", number(2)}});
    expect_same_function(c.model);
    expect_right_gradients(c.model);
  }
}

struct KnownActivation {
  const char* type;
  std::map<std::string, Attribute> attributes;
  double (*expected)(double);
};

TEST(OnnxLayers, ActivationsAreTheirFormulas) {
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

TEST(OnnxLayers, ActivationsWrittenStepByStepAreOneNode) {
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

TEST(OnnxLayers, ParametricSlopesAreTrained) {
  for (const Sides& slope : {Sides{1}, Sides{3, 1, 1}}) {
    Chain c({2, 3, 4, 5});
    c.add("PRelu", {"x", c.random(slope)});
    expect_same_function(c.model);
    if (slope.size() > 1) expect_right_gradients(c.model, 2e-2);
  }
}

TEST(OnnxLayers, NormalisationsSpeltOutAreNormalisations) {
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
  layer.add("ReduceMean", {x}, {{"axes", numbers({-1})}});
  const std::string centred = layer.add("Sub", {x, layer.last});
  layer.add("Pow", {centred, layer.scalar(2)});
  layer.add("ReduceMean", {layer.last}, {{"axes", numbers({-1})}});
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

/// A vision transformer of one block as PyTorch exports it: patches, class token, positions,
/// attention of two heads, a perceptron, the head on the class token.
Model vision_transformer(std::int64_t images) {
  Chain c({images, 3, 8, 12});
  const std::int64_t n = std::max<std::int64_t>(1, images);
  c.add("Conv", {"x", c.random({8, 3, 4, 4}), c.random({8})}, {{"strides", numbers({4, 4})}});
  c.add("Reshape", {c.last, c.whole({n, 8, 6})});
  c.add("Transpose", {c.last}, {{"perm", numbers({0, 2, 1})}});
  c.model.constants["class"] = {.dims = {n, 1, 8}};
  for (std::int64_t i = 0; i < n * 8; ++i)
    c.model.constants["class"].floats.push_back(0.1f * static_cast<float>(i % 8) - 0.3f);
  c.add("Concat", {"class", c.last}, {{"axis", number(1)}});
  const std::string tokens = c.add("Add", {c.last, c.random({1, 7, 8})});
  c.add("LayerNormalization", {tokens, c.random({8}), c.random({8})}, {{"axis", number(-1)}});
  c.add("MatMul", {c.last, c.random({8, 24})});
  c.add("Add", {c.random({24}), c.last});
  c.add("Reshape", {c.last, c.whole({n, 7, 3, 2, 4})});
  const std::string all = c.add("Transpose", {c.last}, {{"perm", numbers({0, 2, 3, 1, 4})}});
  const auto part = [&](std::int64_t i) {
    return c.add("Gather", {all, c.whole({i})}, {{"axis", number(1)}});
  };
  const std::string q = part(0), k = part(1), v = part(2);
  const std::string queries = c.add("Mul", {q, c.scalar(0.5f)});
  c.add("Transpose", {k}, {{"perm", numbers({0, 1, 2, 4, 3})}});
  c.add("MatMul", {queries, c.last});
  c.add("Softmax", {c.last}, {{"axis", number(-1)}});
  c.add("MatMul", {c.last, v});
  c.add("Squeeze", {c.last, c.whole({1})});
  c.add("Transpose", {c.last}, {{"perm", numbers({0, 2, 1, 3})}});
  c.add("Reshape", {c.last, c.whole({n, 7, 8})});
  c.add("MatMul", {c.last, c.random({8, 8})});
  const std::string mixed = c.add("Add", {tokens, c.last});
  c.add("LayerNormalization", {mixed, c.random({8}), c.random({8})}, {{"axis", number(-1)}});
  c.add("MatMul", {c.last, c.random({8, 13})});
  c.add("Gelu", {c.last});
  c.add("MatMul", {c.last, c.random({13, 8})});
  c.add("Add", {mixed, c.last});
  c.add("Gather", {c.last, c.whole({0})}, {{"axis", number(1)}});
  c.add("Reshape", {c.last, c.whole({n, 8})});
  c.add("Gemm", {c.last, c.random({5, 8}), c.random({5})}, {{"transB", number(1)}});
  c.model.opset = 20;
  return c.model;
}

TEST(OnnxLayers, AVisionTransformerIsANetworkThatTrains) {
  for (const std::int64_t images : {1, 2}) {
    const Model model = vision_transformer(images);
    expect_same_function(model);
    expect_right_gradients(model, 1e-2);
  }
  const Imported imported = translate(vision_transformer(0));
  const NetworkShape shape = network_shape(imported.graph);
  ASSERT_EQ(shape.layers.size(), 6u);
  // Patches, queries with keys and values, their output, two layers of the perceptron, the head.
  const std::int64_t macs[] = {6 * 8 * 48, 7 * 8 * 24, 7 * 8 * 8, 7 * 8 * 13, 7 * 13 * 8, 8 * 5};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(shape.layers[i].macs(), macs[i]) << i;
  // Two normalisations of 8, the class token, seven positions.
  EXPECT_EQ(shape.norm_parameters, 2 * 16 + 8 + 7 * 8);
}

/// An encoder whose tokens come before its images, as nn.MultiheadAttention writes it.
TEST(OnnxLayers, ImagesMayStandBehindTheTokens) {
  for (const std::int64_t n : {1, 2, 3}) {
    Chain c({n, 7, 8}, 17);
    const std::string tokens = c.add("Transpose", {"x"}, {{"perm", numbers({1, 0, 2})}});
    c.add("LayerNormalization", {tokens, c.random({8}), c.random({8})}, {{"axis", number(-1)}});
    const std::string normal = c.last;
    const auto heads = [&](const Sides& order) {
      c.add("MatMul", {normal, c.random({8, 8})});
      c.add("Add", {c.last, c.random({8})});
      c.add("Reshape", {c.last, c.whole({7, n * 2, 4})});
      return c.add("Transpose", {c.last}, {{"perm", numbers(order)}});
    };
    const std::string q = heads({1, 0, 2}), k = heads({1, 2, 0}), v = heads({1, 0, 2});
    c.add("MatMul", {q, k});
    c.add("Softmax", {c.last}, {{"axis", number(-1)}});
    c.add("MatMul", {c.last, v});
    c.add("Transpose", {c.last}, {{"perm", numbers({1, 0, 2})}});
    c.add("Reshape", {c.last, c.whole({7 * n, 8})});
    c.add("Gemm", {c.last, c.random({8, 8}), c.random({8})}, {{"transB", number(1)}});
    c.add("Reshape", {c.last, c.whole({7, n, 8})});
    c.add("Add", {tokens, c.last});
    const std::string sum = c.last;
    c.add("ReduceMean", {sum}, {{"axes", numbers({-1})}});
    c.add("Sub", {sum, c.last});
    c.add("Transpose", {c.last}, {{"perm", numbers({1, 0, 2})}});
    expect_same_function(c.model);
    expect_right_gradients(c.model);
  }
}

TEST(OnnxLayers, SumsAlongLettersAreProductsOfMatrices) {
  Chain c({2, 3, 4, 5});
  c.add("Einsum", {"x", "x"}, {{"equation", word("b h i d, b h j d -> b h i j")}});
  const Array x = input_of(c.model);
  Network network = network_of(translate(c.model), {});
  Inference inference(network);
  const std::vector<float> got =
      to_channels_first(inference.forward(to_channels_last(x, network.graph().nodes[0].shape)));
  for (std::size_t n = 0; n < 6; ++n)
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 4; ++j) {
        double sum = 0;
        for (std::size_t d = 0; d < 5; ++d)
          sum += double{x.floats[(n * 4 + i) * 5 + d]} * x.floats[(n * 4 + j) * 5 + d];
        EXPECT_NEAR(got[(n * 4 + i) * 4 + j], sum, 1e-5);
      }
}

TEST(OnnxLayers, MixingImagesIsRefused) {
  Chain c({2, 3, 4});
  c.add("Reshape", {"x", c.whole({3, 2, 4})});
  c.add("Softmax", {c.last}, {{"axis", number(-1)}});
  EXPECT_THROW(translate(c.model), Unsupported);
  Chain mean({2, 3, 4});
  mean.add("ReduceMean", {"x"}, {{"axes", numbers({0})}});
  EXPECT_THROW(translate(mean.model), Unsupported);
}

}  // namespace
}  // namespace lightloom::nn::onnx
