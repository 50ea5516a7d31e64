// Weights under the names that other programs give them.
#include "nn/io/torch_names.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"
#include "tests/nn/reference.hpp"

namespace lightloom::nn {
namespace {

using Arrays = std::vector<NamedArray>;
using Rename = std::function<std::string(const std::string&)>;

/// Gives a network biases, scales and statistics that all differ.
void vary(Network& network) {
  float next = 0.25f;
  const auto draw = [&](std::vector<float>& values) {
    for (float& value : values) value = 0.5f + (next = std::fmod(next * 1.37f + 0.11f, 1.0f));
  };
  for (WeightLayer& layer : network.weight_layers()) draw(layer.bias.value);
  for (NormLayer& norm : network.norms())
    for (std::vector<float>* values :
         {&norm.scale.value, &norm.shift.value, &norm.mean, &norm.variance})
      draw(*values);
}

/// A network with weights, biases and statistics that all differ.
Network varied(const std::string& model, const std::string& data, std::uint64_t seed) {
  Network network(build_graph(model, data), {}, seed);
  vary(network);
  return network;
}

Arrays renamed(Arrays arrays, const Rename& rename) {
  for (NamedArray& one : arrays) one.name = rename(one.name);
  return arrays;
}

std::string replace(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void expect_same_weights(Network& left, Network& right) {
  const Weights a = weights_of(left), b = weights_of(right);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
  }
}

void expect_loads(const std::string& model, const std::string& data, const Rename& rename) {
  Network saved = varied(model, data, 1), loaded(build_graph(model, data), {}, 2);
  import_torch(renamed(export_torch(saved), rename), loaded);
  expect_same_weights(saved, loaded);
}

std::string problem_of(const Arrays& arrays, const std::string& model, const std::string& data) {
  Network network(build_graph(model, data), {}, 1);
  try {
    import_torch(arrays, network);
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

TEST(TorchNames, WrappersInFrontAreTakenOff) {
  for (const char* prefix : {"module.", "model.", "module.model.", "net.backbone.", "a.b."})
    expect_loads("lenet5", "mnist", [&](const std::string& name) { return prefix + name; });
  expect_loads("lenet5", "mnist", [](const std::string& name) {
    return (name.starts_with("conv") ? "backbone." : "module.") + name;
  });
}

TEST(TorchNames, ResNetsLoadInTheSpellingsOfTorchvisionAndTimm) {
  for (const auto& [model, data] : {std::pair{"resnet18", "cifar10"}, {"resnet50", "dogs"}})
    expect_loads(model, data, [](const std::string& name) {
      return replace(replace(name, "shortcut", "downsample"), "linear.", "fc.");
    });
  expect_loads("resnet20", "cifar10",
               [](const std::string& name) { return replace(name, "linear.", "fc."); });
}

TEST(TorchNames, DenseNetLoadsInTheSpellingOfItsFirstFiles) {
  expect_loads("densenet121", "cifar10", [](std::string name) {
    if (name.find("denselayer") == std::string::npos) return name;
    for (const char* part : {"norm1", "norm2", "conv1", "conv2"})
      name = replace(name, "." + std::string(part) + ".",
                     "." + std::string(part, 4) + "." + part[4] + ".");
    return name;
  });
}

/// A dense network of small blocks of `layers`, joined in either order; `own`: with our names.
Graph small_densenet(const std::vector<int>& layers, bool newest_first, bool own) {
  GraphBuilder net("densenet", {8, 8, 3});
  const auto named = [&](const char* ours, const char* theirs) {
    return std::string(own ? ours : theirs);
  };
  int at = net.convolution(named("features.conv0", "conv1"), 0,
                           {.channels = 6, .kernel = 3, .padding = 1});
  for (std::size_t b = 0; b < layers.size(); ++b) {
    const std::string block = std::to_string(b + 1);
    if (b > 0) {
      const std::string name = named("features.transition", "trans") + std::to_string(b);
      const int norm = net.relu(net.batch_norm(name + named(".norm", ".bn"), at));
      at = net.average_pool(net.convolution(name + ".conv", norm, {.channels = 5}),
                            {.height = 2, .width = 2, .stride = 2});
    }
    for (int layer = 0; layer < layers[b]; ++layer) {
      const std::string name =
          own ? "features.denseblock" + block + ".denselayer" + std::to_string(layer + 1)
              : "dense" + block + "." + std::to_string(layer);
      int grown = net.relu(net.batch_norm(name + named(".norm1", ".bn1"), at));
      grown = net.convolution(name + ".conv1", grown, {.channels = 7});
      grown = net.relu(net.batch_norm(name + named(".norm2", ".bn2"), grown));
      grown = net.convolution(name + ".conv2", grown, {.channels = 4, .kernel = 3, .padding = 1});
      at = newest_first ? net.concat({grown, at}) : net.concat({at, grown});
    }
  }
  at = net.relu(net.batch_norm(named("features.norm5", "bn"), at));
  net.linear(named("classifier", "linear"), net.flatten(at), 3, true);
  return std::move(net).finish();
}

std::vector<float> logits(Network& network) {
  const Tensor images =
      reference::tensor(reference::random_doubles(2 * 192, 5), TensorShape(2, 8, 8, 3));
  Inference inference(network);
  const Tensor& result = inference.forward(images);
  return {result.values().begin(), result.values().end()};
}

TEST(TorchNames, DenseNetOfKuangliuJoinsItsMapsTheOtherWayRound) {
  const std::vector<int> layers{3, 2, 1};
  Network theirs(small_densenet(layers, true, false), {}, 1),
      ours(small_densenet(layers, false, true), {}, 2);
  vary(theirs);
  Arrays arrays = export_torch(theirs);
  import_torch(arrays, ours);
  const std::vector<float> expected = logits(theirs), got = logits(ours);
  ASSERT_EQ(got.size(), 6u);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], expected[i], 1e-4f * (1 + std::abs(expected[i])));
  // torchvision's files, with the same shapes, join them as we do.
  Network torchvision(small_densenet(layers, false, true), {}, 3),
      read(small_densenet(layers, false, true), {}, 4);
  vary(torchvision);
  import_torch(export_torch(torchvision), read);
  expect_same_weights(torchvision, read);
}

/// densenet121 as kuangliu's file names its layers.
std::string kuangliu_densenet(const std::string& name) {
  static const std::vector<std::pair<std::string, std::string>> parts{
      {"features.conv0", "conv1"},
      {"features.norm5", "bn"},
      {"features.transition", "trans"},
      {"classifier", "linear"},
      {"norm", "bn"}};
  std::string own = name;
  for (const auto& [ours, theirs] : parts) own = replace(own, ours, theirs);
  const std::string block = "features.denseblock", layer = ".denselayer";
  if (!own.starts_with(block)) return own;
  const std::size_t number = own.find(layer) + layer.size(), end = own.find('.', number);
  return "dense" + own.substr(block.size(), 1) + "." +
         std::to_string(std::stoi(own.substr(number, end - number)) - 1) + own.substr(end);
}

TEST(TorchNames, DenseNetOfKuangliuLoadsBehindItsWrapper) {
  for (const char* model : {"densenet121", "densenet-cifar"}) {
    Network saved = varied(model, "cifar10", 1), loaded(build_graph(model, "cifar10"), {}, 2);
    import_torch(
        renamed(export_torch(saved),
                [](const std::string& name) { return "module." + kuangliu_densenet(name); }),
        loaded);
    // The first layer of a block reads what is not joined yet; the second's 64 first are the
    // stem's.
    EXPECT_EQ(saved.norms()[0].scale.value, loaded.norms()[0].scale.value);
    const std::vector<float>&before = saved.norms()[2].scale.value,
          &after = loaded.norms()[2].scale.value;
    const auto growth = static_cast<std::ptrdiff_t>(before.size() / 3);
    EXPECT_TRUE(std::equal(before.begin() + growth, before.end(), after.begin()));
    EXPECT_TRUE(std::equal(before.begin(), before.begin() + growth, after.end() - growth));
  }
}

TEST(TorchNames, AFileOfAnotherMobileNetIsNamed) {
  Network theirs = varied("mobilenetv2-cifar", "cifar10", 1);
  const std::string problem = problem_of(export_torch(theirs), "mobilenetv2", "cifar10");
  EXPECT_NE(problem.find("the model mobilenetv2-cifar has these names"), std::string::npos)
      << problem;
}

/// timm's names, part by part, of MobileNetV2's blocks of 1, 2, 3, 4, 3, 3, 1.
std::string timm_mobilenetv2(const std::string& name) {
  static const int stage_of[] = {0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6};
  static const int block_of[] = {0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 0, 1, 2, 0};
  if (name.starts_with("features.0.0")) return replace(name, "features.0.0", "conv_stem");
  if (name.starts_with("features.0.1")) return replace(name, "features.0.1", "bn1");
  if (name.starts_with("features.18.0")) return replace(name, "features.18.0", "conv_head");
  if (name.starts_with("features.18.1")) return replace(name, "features.18.1", "bn2");
  if (name.starts_with("classifier.1")) return replace(name, "classifier.1", "classifier");
  const int number = std::stoi(name.substr(9)) - 1;
  const std::string start = "features." + std::to_string(number + 1) + ".conv.",
                    block = "blocks." + std::to_string(stage_of[number]) + "." +
                            std::to_string(block_of[number]) + ".";
  const std::vector<std::pair<std::string, std::string>> first{
      {"0.0", "conv_dw"}, {"0.1", "bn1"}, {"1.", "conv_pw."}, {"2.", "bn2."}};
  const std::vector<std::pair<std::string, std::string>> others{
      {"0.0", "conv_pw"}, {"0.1", "bn1"},      {"1.0", "conv_dw"},
      {"1.1", "bn2"},     {"2.", "conv_pwl."}, {"3.", "bn3."}};
  for (const auto& [own, timm] : number == 0 ? first : others)
    if (name.starts_with(start + own)) return replace(name, start + own, block + timm);
  return name;
}

TEST(TorchNames, MobileNetLoadsInTheSpellingOfTimm) {
  Network saved = varied("mobilenetv2", "cifar10", 1);
  const Arrays arrays = renamed(export_torch(saved), timm_mobilenetv2);
  EXPECT_TRUE(std::any_of(arrays.begin(), arrays.end(), [](const NamedArray& one) {
    return one.name == "blocks.3.2.conv_pwl.weight";
  }));
  Network loaded(build_graph("mobilenetv2", "cifar10"), {}, 2);
  import_torch(arrays, loaded);
  expect_same_weights(saved, loaded);
}

/// timm's names of MobileNetV3 small: stages of 1, 2, 3, 2, 3 blocks and a last convolution.
std::string timm_mobilenetv3_small(const std::string& name) {
  static const int stage_of[] = {0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4};
  static const int block_of[] = {0, 0, 1, 0, 1, 2, 0, 1, 0, 1, 2};
  const std::vector<std::pair<std::string, std::string>> outer{
      {"features.0.0", "conv_stem"},        {"features.0.1", "bn1"},
      {"features.12.0", "blocks.5.0.conv"}, {"features.12.1", "blocks.5.0.bn1"},
      {"classifier.0", "conv_head"},        {"classifier.3", "classifier"}};
  for (const auto& [own, timm] : outer)
    if (name.starts_with(own + ".")) return replace(name, own, timm);
  const int number = std::stoi(name.substr(9)) - 1;
  const bool gated = number != 1 && number != 2;
  std::vector<std::string> parts{"conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"};
  if (number == 0) parts = {"conv_dw", "bn1", "conv_pw", "bn2"};
  const std::string start = "features." + std::to_string(number + 1) + ".block.",
                    block = "blocks." + std::to_string(stage_of[number]) + "." +
                            std::to_string(block_of[number]) + ".";
  const std::size_t gate = number == 0 ? 1 : 2;  // its place among torchvision's parts
  for (std::size_t part = 0; part < 4; ++part) {
    const std::string own = start + std::to_string(part) + ".";
    if (gated && part == gate) {
      if (name.starts_with(own + "fc1"))
        return replace(name, own + "fc1", block + "se.conv_reduce");
      if (name.starts_with(own + "fc2"))
        return replace(name, own + "fc2", block + "se.conv_expand");
      continue;
    }
    const std::size_t plain = gated && part > gate ? part - 1 : part;
    for (std::size_t k = 0; k < 2 && 2 * plain + k < parts.size(); ++k)
      if (name.starts_with(own + std::to_string(k)))
        return replace(name, own + std::to_string(k), block + parts[2 * plain + k]);
  }
  return name;
}

TEST(TorchNames, MobileNetV3OfTimmBringsItsOwnEpsilon) {
  Network saved = varied("mobilenetv3-small", "cifar10", 1),
          loaded(build_graph("mobilenetv3-small", "cifar10"), {}, 2);
  import_torch(renamed(export_torch(saved), timm_mobilenetv3_small), loaded);
  for (std::size_t n = 0; n < saved.norms().size(); ++n) {
    const NormLayer &from = saved.norms()[n], &to = loaded.norms()[n];
    EXPECT_EQ(from.mean, to.mean) << to.name;
    EXPECT_EQ(to.epsilon, 1e-3);
    for (std::size_t c = 0; c < to.variance.size(); ++c)  // timm adds 1e-5
      EXPECT_NEAR(to.variance[c] + 1e-3, from.variance[c] + 1e-5, 1e-6) << to.name;
  }
  for (std::size_t n = 0; n < saved.weight_layers().size(); ++n)
    EXPECT_EQ(dense_weight(saved.weight_layers()[n]), dense_weight(loaded.weight_layers()[n]));
}

TEST(TorchNames, ABiasThatOnlyTheFileHasIsKeptAndActs) {
  // Published accountings leave ResNet-18's last bias out for small images; kuangliu's files have
  // it.
  Network saved = varied("resnet18", "cifar10", 1);
  saved.give_bias(saved.weight_layers().size() - 1);
  std::vector<float>& bias = saved.weight_layers().back().bias.value;
  bias.assign(10, 0.0f);
  bias[3] = 2.5f;
  Network loaded(build_graph("resnet18", "cifar10"), {}, 2),
      student(build_graph("resnet18", "cifar10"), {}, 3);
  import_torch(export_torch(saved), loaded);
  copy_weights(loaded, student);
  EXPECT_TRUE(student.weight_layers().back().shape.bias);
  EXPECT_TRUE(student.graph().nodes.back().bias);
  Network read(build_graph("resnet18", "cifar10"), {}, 4);
  set_weights(read, weights_of(student));
  EXPECT_EQ(read.weight_layers().back().bias.value, bias);
  Network plain = varied("resnet18", "cifar10", 1);
  const Tensor images =
      reference::tensor(reference::random_doubles(3072, 0), TensorShape(1, 32, 32, 3));
  Inference with(student), without(plain);
  const Tensor& left = with.forward(images);
  const Tensor& right = without.forward(images);
  for (std::size_t c = 0; c < 10; ++c)
    EXPECT_NEAR(left.values()[c] - right.values()[c], c == 3 ? 2.5 : 0,
                1e-3 * std::abs(right.values()[c]) + 1e-3);
}

TEST(TorchNames, RowsOfLinearLayersMayBeNumberedInAnyWay) {
  Network saved = varied("mlp-12-11-9", "mnist", 1);
  const Arrays ours = export_torch(saved);
  // A torch Sequential with activations and dropout between; hand-numbered; ten and more as
  // numbers.
  for (const std::vector<std::string>& layers : {std::vector<std::string>{"0", "3", "6", "9"},
                                                 {"linear1", "linear2", "linear3", "linear4"},
                                                 {"net.2", "net.4", "net.10", "net.12"},
                                                 {"fc0", "fc1", "fc2", "fc3"}}) {
    Arrays arrays = ours;
    for (NamedArray& one : arrays) {
      const std::size_t place = static_cast<std::size_t>(one.name[2] - '1');
      one.name = layers.at(place) + one.name.substr(3);
    }
    std::reverse(arrays.begin(), arrays.end());
    Network loaded(build_graph("mlp-12-11-9", "mnist"), {}, 2);
    import_torch(arrays, loaded);
    expect_same_weights(saved, loaded);
  }
  Arrays twice = ours;
  for (NamedArray& one : twice) one.name = (one.name[2] < '3' ? "a." : "b.") + one.name;
  for (NamedArray& one : twice)
    if (one.name.starts_with("b.fc3")) one.name = "b.fc1" + one.name.substr(5);
  EXPECT_NE(problem_of(twice, "mlp-12-11-9", "mnist"), "") << "two layers of the number 1";
}

TEST(TorchNames, ShapesAreCheckedNotOnlyCounts) {
  Network network = varied("mlp", "mnist", 1);
  Arrays arrays = export_torch(network);
  for (NamedArray& one : arrays)
    if (one.name == "fc2.weight") std::swap(one.shape[0], one.shape[1]);  // (256, 128)
  const std::string problem = problem_of(arrays, "mlp", "mnist");
  EXPECT_NE(problem.find("'fc2.weight' has the shape (256, 128) where mlp needs (128, 256)"),
            std::string::npos)
      << problem;
  EXPECT_NE(problem.find("transposed"), std::string::npos) << problem;
}

TEST(TorchNames, AOneByOneConvolutionFitsALinearLayer) {
  Network saved = varied("mlp", "mnist", 1), loaded(build_graph("mlp", "mnist"), {}, 2);
  Arrays arrays = export_torch(saved);
  for (NamedArray& one : arrays)
    if (one.name == "fc3.weight") one.shape = {10, 128, 1, 1};
  import_torch(arrays, loaded);
  expect_same_weights(saved, loaded);
}

TEST(TorchNames, NumbersThatAreNoneAreRefusedWithTheirPlace) {
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    Network network = varied("mlp", "mnist", 1);
    Arrays arrays = export_torch(network);
    arrays[2].values[7] = bad;
    const std::string problem = problem_of(arrays, "mlp", "mnist");
    EXPECT_NE(problem.find("'" + arrays[2].name + "' holds"), std::string::npos) << problem;
    EXPECT_NE(problem.find("at element 7"), std::string::npos) << problem;
  }
}

TEST(TorchNames, OtherTypesAndMissingNamesAreNamedWithTheNearest) {
  Network network = varied("mlp", "mnist", 1);
  Arrays arrays = export_torch(network);
  arrays[0].values.clear();
  arrays[0].type = "I8";
  EXPECT_NE(problem_of(arrays, "mlp", "mnist").find("'fc1.weight' holds elements of the type I8"),
            std::string::npos);
  arrays = export_torch(network);
  arrays[2].name = "fc2.wieght";
  const std::string problem = problem_of(arrays, "mlp", "mnist");
  EXPECT_NE(problem.find("lacks 'fc2.weight'"), std::string::npos) << problem;
  EXPECT_NE(problem.find("'fc2.wieght'"), std::string::npos) << problem;
}

TEST(TorchNames, AuxiliaryClassifiersMayBeLeftOver) {
  Network saved = varied("mlp", "mnist", 1), loaded(build_graph("mlp", "mnist"), {}, 2);
  for (const char* name : {"aux1.fc2.weight", "AuxLogits.fc.weight"}) {
    Arrays arrays = export_torch(saved);
    arrays.push_back({name, {2, 2}, {1, 2, 3, 4}, "F32"});
    import_torch(arrays, loaded);
    expect_same_weights(saved, loaded);
  }
  Arrays arrays = export_torch(saved);
  arrays.push_back({"fc4.weight", {2, 2}, {1, 2, 3, 4}, "F32"});
  EXPECT_NE(problem_of(arrays, "mlp", "mnist").find("no place for 'fc4.weight'"),
            std::string::npos);
}

TEST(TorchNames, CountersOfBatchesAreLeftOut) {
  Network saved = varied("resnet20", "cifar10", 1),
          loaded(build_graph("resnet20", "cifar10"), {}, 2);
  Arrays arrays = export_torch(saved);
  arrays.push_back({"bn1.num_batches_tracked", {}, {}, "I64"});
  import_torch(arrays, loaded);
  expect_same_weights(saved, loaded);
}

}  // namespace
}  // namespace lightloom::nn
