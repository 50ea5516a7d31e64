// Networks written as ONNX and read back.
#include "nn/onnx/export.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Random weights, biases and statistics, so that no part of a layer is without effect.
Network lively(Graph graph) {
  Network network(std::move(graph), {}, 7);
  const auto fill = [](std::vector<float>& values, std::uint32_t family, float least) {
    const auto random = reference::random_doubles(values.size(), family);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = least + 0.3f * static_cast<float>(std::abs(random[i]));
  };
  std::uint32_t family = 0;
  for (WeightLayer& layer : network.weight_layers()) fill(layer.bias.value, ++family, -0.1f);
  for (NormLayer& norm : network.norms()) {
    fill(norm.scale.value, ++family, 0.7f);
    fill(norm.shift.value, ++family, -0.1f);
    fill(norm.mean, ++family, -0.1f);
    fill(norm.variance, ++family, 0.7f);
  }
  return network;
}

std::vector<float> outputs(Network& network, int images) {
  const MapShape& in = network.graph().nodes.front().shape;
  Tensor batch(TensorShape(images, in));
  const auto random = reference::random_doubles(batch.values().size(), 99);
  std::copy(random.begin(), random.end(), batch.data());
  Inference inference(network);
  const Tensor& y = inference.forward(batch);
  return {y.values().begin(), y.values().end()};
}

void expect_close_values(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  float largest = 0;
  for (const float one : a) largest = std::max(largest, std::abs(one));
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4 * largest) << i;
}

TEST(OnnxExport, EveryKindOfNetworkComesBackAsTheSameFunction) {
  // Between them every operator that a built-in network has; the others are built the same way.
  for (const char* model : {"lenet5", "mlp", "resnet20", "densenet121", "mobilenetv2",
                            "mobilenetv3-small", "efficientnet-b0"}) {
    SCOPED_TRACE(model);
    Network network = lively(build_graph(model, "cifar10"));
    Model exported = export_model(network);
    exported.inputs[0].dims[0] = 2;
    Network again = network_of(translate(exported), {});
    EXPECT_EQ(again.shape().layers.size(), network.shape().layers.size());
    expect_close_values(outputs(network, 2), outputs(again, 2));
  }
}

TEST(OnnxExport, TheInterpreterReadsTheFileAsTheSameFunction) {
  if (!available()) GTEST_SKIP() << "built without libonnx-dev";
  // Padded pools on uneven maps, 1x1 maps before a linear layer, gelu and a gate.
  GraphBuilder net("odd", {9, 7, 3});
  int at = net.convolution("a/b", 0, {.channels = 6, .kernel = 3, .padding = 1, .groups = 3});
  at = net.activation(net.batch_norm("bn", at, 1e-3), Activation::gelu);
  at = net.average_pool(at, {.height = 3, .width = 3, .stride = 2, .padding = 1}, false);
  const int gate = net.activation(net.global_pool(at), Activation::hard_sigmoid);
  at = net.activation(net.multiply(at, gate), Activation::silu);
  at = net.softmax(net.linear("head", net.flatten(at), 5, true));
  Network network = lively(std::move(net).finish());
  const std::string path = scratch_path("export.onnx").string();
  export_network(path, network);
  const Model model = read_model(path);
  std::filesystem::remove(path);
  ASSERT_EQ(model.inputs.size(), 1u);
  Array x{.dims = {2, 3, 9, 7}};
  x.floats = reference::floats(reference::random_doubles(378, 5));
  const Array y = evaluate(model, {{model.inputs[0].name, x}}).front();
  Inference inference(network);
  const Tensor& own = inference.forward(to_channels_last(x, network.graph().nodes[0].shape));
  expect_close_values(y.floats, {own.values().begin(), own.values().end()});
}

TEST(OnnxExport, AFileIsANetworkOfCardsIfItFitsTheDataSet) {
  if (!available()) GTEST_SKIP() << "built without libonnx-dev";
  GraphBuilder net("digits", {28, 28, 1});
  int at = net.relu(
      net.convolution("first", 0, {.channels = 4, .kernel = 5, .padding = 2, .bias = true}));
  at = net.max_pool(at, {.height = 4, .width = 4, .stride = 4});
  net.softmax(net.linear("head", net.flatten(at), 10, true));
  Network network = lively(std::move(net).finish());
  const std::string path = scratch_path("digits.onnx").string();
  export_network(path, network);
  const Graph graph = build_graph(path, "mnist");
  EXPECT_EQ(graph.nodes.front().shape, (MapShape{28, 28, 1}));
  EXPECT_EQ(graph.nodes.back().op, Op::linear);  // training needs the logits
  EXPECT_THROW(build_graph(path, "cifar10"), Error);
  EXPECT_THROW(build_graph(path + "x.onnx", "mnist"), Error);

  Network small(graph, {}, 0);
  give_weights(import_model(path), small);
  Tensor digit(TensorShape(1, {28, 28, 1}));
  const auto random = reference::random_doubles(784, 3);
  std::copy(random.begin(), random.end(), digit.data());
  Inference logits(small), probabilities(network);
  const Tensor& a = logits.forward(digit);
  const Tensor& b = probabilities.forward(digit);
  double sum = 0;
  for (int i = 0; i < 10; ++i) sum += std::exp(double{a.data()[i]});
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(std::exp(double{a.data()[i]}) / sum, b.data()[i], 1e-5);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lightloom::nn::onnx
