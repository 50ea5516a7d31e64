// Names of other collections of networks than torchvision, timm and kuangliu.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <regex>

#include "core/error.hpp"
#include "nn/io/torch_dialects.hpp"
#include "nn/io/torch_names.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::nn {
namespace {

using Arrays = std::vector<NamedArray>;
using Rules = std::vector<std::pair<std::regex, std::string>>;

/// The state dict of a network whose numbers all come of a seed, by the names of some rules.
Arrays saved(Network& network, const Rules& rules) {
  Arrays arrays = export_torch(network);
  for (NamedArray& one : arrays)
    for (const auto& [from, to] : rules) {
      const std::string before = one.name;
      one.name = std::regex_replace(before, from, to);
      if (one.name != before) break;
    }
  return arrays;
}

struct Case {
  std::string model, data;
  std::string there;  // one of the names
};

void expect_loads(const Case& one, const Rules& rules) {
  Network theirs(build_graph(one.model, one.data), {}, 1);
  Network ours(build_graph(one.model, one.data), {}, 2);
  const Arrays arrays = saved(theirs, rules);
  EXPECT_TRUE(std::any_of(arrays.begin(), arrays.end(), [&](const NamedArray& array) {
    return array.name == one.there;
  })) << one.there;
  import_torch(arrays, ours);
  const Weights a = weights_of(theirs), b = weights_of(ours);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
}

TEST(HubNames, ResNetsOfTransformersLoad) {
  Rules rules{{std::regex("^conv1\\."), "resnet.embedder.embedder.convolution."},
              {std::regex("^bn1\\."), "resnet.embedder.embedder.normalization."},
              {std::regex("^linear\\."), "classifier.1."}};
  for (int stage = 0; stage < 4; ++stage) {
    const std::string from = "^layer" + std::to_string(stage + 1) + "\\.([0-9]+)\\.";
    const std::string to = "resnet.encoder.stages." + std::to_string(stage) + ".layers.$1.";
    for (int part = 0; part < 3; ++part) {
      const std::string number = std::to_string(part + 1), layer = "layer." + std::to_string(part);
      rules.emplace_back(std::regex(from + "conv" + number), to + layer + ".convolution");
      rules.emplace_back(std::regex(from + "bn" + number), to + layer + ".normalization");
    }
    rules.emplace_back(std::regex(from + "shortcut\\.0"), to + "shortcut.convolution");
    rules.emplace_back(std::regex(from + "shortcut\\.1"), to + "shortcut.normalization");
  }
  expect_loads(
      {"resnet18", "cifar10", "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight"},
      rules);
}

TEST(HubNames, ResNetsOfWeiaicunzaiLoad) {
  Rules rules{{std::regex("^conv1\\."), "conv1.0."},
              {std::regex("^bn1\\."), "conv1.1."},
              {std::regex("^linear\\."), "fc."}};
  for (int stage = 1; stage < 5; ++stage) {
    const std::string from = "^layer" + std::to_string(stage) + "\\.([0-9]+)\\.";
    const std::string to = "conv" + std::to_string(stage + 1) + "_x.$1.";
    for (int part = 0; part < 3; ++part) {
      const std::string number = std::to_string(part + 1);
      rules.emplace_back(std::regex(from + "conv" + number),
                         to + "residual_function." + std::to_string(3 * part));
      rules.emplace_back(std::regex(from + "bn" + number),
                         to + "residual_function." + std::to_string(3 * part + 1));
    }
    rules.emplace_back(std::regex(from + "shortcut"), to + "shortcut");
  }
  expect_loads({"resnet18", "cifar100", "conv5_x.1.residual_function.4.running_var"}, rules);
}

TEST(HubNames, MobileNetV2WithItsBlocksInARowLoads) {
  const Rules rules{{std::regex("^features\\.1\\.conv\\.1\\."), "features.1.conv.3."},
                    {std::regex("^features\\.1\\.conv\\.2\\."), "features.1.conv.4."},
                    {std::regex("^features\\.18\\."), "conv."},
                    {std::regex("^classifier\\.1\\."), "classifier."},
                    {std::regex("^(features\\.[0-9]+\\.conv)\\.0\\.([01])\\."), "$1.$2."},
                    {std::regex("^(features\\.[0-9]+\\.conv)\\.1\\.0\\."), "$1.3."},
                    {std::regex("^(features\\.[0-9]+\\.conv)\\.1\\.1\\."), "$1.4."},
                    {std::regex("^(features\\.[0-9]+\\.conv)\\.2\\."), "$1.6."},
                    {std::regex("^(features\\.[0-9]+\\.conv)\\.3\\."), "$1.7."}};
  expect_loads({"mobilenetv2", "cifar10", "features.17.conv.7.running_mean"}, rules);
}

/// The file's name for one of ours, among a few of each.
std::string found(const std::string& own, const std::vector<std::string>& in_file) {
  const MatchedNames matched = match_names({own}, in_file);
  const auto name = matched.names.find(own);
  return name == matched.names.end() ? "" : name->second;
}

TEST(HubNames, BottlenecksHaveAThirdPart) {
  const std::string theirs = "resnet.encoder.stages.3.layers.12.layer.2.normalization.bias";
  EXPECT_EQ(found("layer4.12.bn3.bias", {theirs, "classifier.1.weight"}), theirs);
  const std::string row = "conv3_x.0.residual_function.6.weight";
  EXPECT_EQ(found("layer2.0.conv3.weight", {row, "fc.weight"}), row);
}

TEST(HubNames, TheLargeMatricesOfTimmsVggAreConvolutions) {
  EXPECT_EQ(found("classifier.0.weight", {"pre_logits.fc1.weight", "head.fc.weight"}),
            "pre_logits.fc1.weight");
  EXPECT_EQ(found("classifier.6.bias", {"pre_logits.fc1.weight", "head.fc.bias"}), "head.fc.bias");
  Network theirs(build_graph("lenet5", "mnist"), {}, 1),
      ours(build_graph("lenet5", "mnist"), {}, 2);
  Arrays arrays = export_torch(theirs);
  const auto shape = [&]() -> std::vector<std::int64_t>& {
    for (NamedArray& one : arrays)
      if (one.name == "fc1.weight") return one.shape;
    throw Error("no fc1.weight");
  };
  ASSERT_EQ(shape(), (std::vector<std::int64_t>{120, 400}));
  shape() = {120, 16, 5, 5};
  import_torch(arrays, ours);
  for (std::size_t i = 0; i < weights_of(ours).size(); ++i)
    EXPECT_EQ(weights_of(theirs)[i].values, weights_of(ours)[i].values);
  shape() = {120, 16, 25, 2};
  EXPECT_THROW(import_torch(arrays, ours), Error);
}

TEST(HubNames, AHeadMayStandBesideAWrapperOfAnyName) {
  for (const std::string wrapper : {"ema.module.", "trunk.body.", "timm_model."})
    expect_loads({"resnet20", "cifar10", wrapper + "conv1.weight"},
                 {{std::regex("^linear\\."), "fc."}, {std::regex("^(.+)$"), wrapper + "$1"}});
}

TEST(HubNames, ANetworkBesideItsAverageIsNamedAsTwice) {
  Network theirs(build_graph("lenet5", "mnist"), {}, 1),
      ours(build_graph("lenet5", "mnist"), {}, 2);
  Arrays arrays = saved(theirs, {{std::regex("^"), "model."}});
  for (NamedArray one : saved(theirs, {{std::regex("^"), "ema_model."}})) arrays.push_back(one);
  try {
    import_torch(arrays, ours);
    FAIL();
  } catch (const Error& problem) {
    const std::string text = problem.what();
    EXPECT_NE(text.find("twice"), std::string::npos) << text;
    EXPECT_NE(text.find("'model.conv1."), std::string::npos) << text;
    EXPECT_NE(text.find("'ema_model.conv1."), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace lightloom::nn
