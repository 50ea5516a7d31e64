#include "nn/models/models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

std::int64_t parameters(const NetworkShape& shape) {
  std::int64_t sum = shape.norm_parameters;
  for (const LayerShape& layer : shape.layers) {
    sum += layer.weights() + (layer.bias ? layer.out_channels : 0);
  }
  return sum;
}

TEST(Models, HaveThePublishedParameterCounts) {
  // ImageNet layouts: torchvision's documented num_params.
  EXPECT_EQ(parameters(network_shape("resnet18", "imagenet")), 11689512);
  EXPECT_EQ(parameters(network_shape("densenet121", "imagenet")), 7978856);
  EXPECT_EQ(parameters(network_shape("resnet34", "imagenet")), 21797672);
  EXPECT_EQ(parameters(network_shape("resnet50", "imagenet")), 25557032);
  EXPECT_EQ(parameters(network_shape("vgg11", "imagenet")), 132868840);
  EXPECT_EQ(parameters(network_shape("mobilenetv2", "imagenet")), 3504872);
  EXPECT_EQ(parameters(network_shape("mobilenetv3-small", "imagenet")), 2542856);
  EXPECT_EQ(parameters(network_shape("mobilenetv3-large", "imagenet")), 5483032);
  EXPECT_EQ(parameters(network_shape("efficientnet-b0", "imagenet")), 5288548);
  // The CIFAR variant has 11,173,962 with its FC bias of 10; the one of the published ratios has
  // none.
  EXPECT_EQ(parameters(network_shape("resnet18", "cifar10")), 11173962 - 10);
  // He et al. 2016, Table 6: 0.27, 0.46, 0.66 and 0.85 million.
  EXPECT_EQ(parameters(network_shape("resnet20", "cifar10")), 269722);
  EXPECT_EQ(parameters(network_shape("resnet32", "cifar10")), 464154);
  EXPECT_EQ(parameters(network_shape("resnet44", "cifar10")), 658586);
  EXPECT_EQ(parameters(network_shape("resnet56", "cifar10")), 853018);
  EXPECT_EQ(parameters(network_shape("vgg11", "cifar10")), 9231114);
  // Howard et al.'s on ImageNet: Keras counts 4,253,864 with 21,888 statistics.
  EXPECT_EQ(parameters(network_shape("mobilenet", "imagenet")), 4253864 - 21888);
  // PyTorch's counts of the modules of kuangliu/pytorch-cifar.
  EXPECT_EQ(parameters(network_shape("mobilenet", "cifar10")), 3217226);
  EXPECT_EQ(parameters(network_shape("mobilenetv2-cifar", "cifar10")), 2296922);
  EXPECT_EQ(parameters(network_shape("densenet121", "cifar10")), 6956298);
  EXPECT_EQ(parameters(network_shape("densenet-cifar", "cifar10")), 1000618);
  EXPECT_EQ(parameters(network_shape("lenet5", "mnist")), 61706);
  EXPECT_EQ(parameters(network_shape("mlp", "mnist")), 784 * 256 + 256 + 256 * 128 + 128 + 1290);
}

TEST(Models, RowsOfLinearLayersHaveTheUnitsOfTheirName) {
  // Ahmed et al. 2025: 784-50-50-10 and 784-256-128-64-10.
  EXPECT_EQ(parameters(network_shape("mlp-50-50", "mnist")), 785 * 50 + 51 * 50 + 510);
  EXPECT_EQ(parameters(network_shape("mlp-256-128-64", "mnist")),
            785 * 256 + 257 * 128 + 129 * 64 + 650);
  EXPECT_EQ(parameters(network_shape("mlp-256-128", "mnist")),
            parameters(network_shape("mlp", "mnist")));
  EXPECT_EQ(build_graph("mlp-7", "mnist").name, "mlp-7");
  for (const auto& [name, activation] :
       {std::pair{"mlp-5-6", Activation::relu}, {"mlp-tanh-5-6", Activation::tanh}}) {
    const Graph graph = build_graph(name, "mnist");
    EXPECT_EQ(parameters(network_shape(name, "mnist")), 785 * 5 + 6 * 6 + 70);
    EXPECT_EQ(std::count_if(graph.nodes.begin(), graph.nodes.end(),
                            [&, &activation = activation](const Node& node) {
                              return node.op == Op::activation && node.activation == activation;
                            }),
              2)
        << name;
  }
  const auto refusal = [](const char* model) -> std::string {
    try {
      build_graph(model, "mnist");
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  };
  for (const char* bad :
       {"mlp-", "mlp-tanh-", "mlp-sine-5", "mlp-50-", "mlp-50--50", "mlp-0", "mlp-a", "mlp-50x",
        "mlp-1.5", "mlp-1048577", "mlp-99999999999", "mlp-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1"})
    EXPECT_NE(refusal(bad).find("is no number of units"), std::string::npos) << refusal(bad);
  EXPECT_NO_THROW(build_graph("mlp-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", "mnist"));
}

/// Multiplications of one image, in units of 10^9.
double giga_products(const char* model) {
  double sum = 0;
  for (const LayerShape& layer : network_shape(model, "imagenet").layers)
    sum += static_cast<double>(layer.weights()) * static_cast<double>(layer.positions());
  return 1e-9 * sum;
}

TEST(Models, HaveThePublishedNumbersOfProducts) {
  // Strides enter these and no parameter count. torchvision's weights name them to three digits.
  EXPECT_NEAR(giga_products("resnet18"), 1.814, 0.0005);
  EXPECT_NEAR(giga_products("resnet34"), 3.664, 0.0005);
  EXPECT_NEAR(giga_products("resnet50"), 4.089, 0.0005);
}

TEST(Models, CnnOfThreeConvolutionsPoolsToThreeByThree) {
  const NetworkShape shape = network_shape("cnn3", "fashion-mnist");
  ASSERT_EQ(shape.layers.size(), 4u);
  EXPECT_EQ(shape.layers[0].out_height, 13);
  EXPECT_EQ(shape.layers[1].out_height, 11);
  EXPECT_EQ(shape.layers[2].out_height, 9);
  EXPECT_EQ(shape.layers[3].in_channels, 288);
  EXPECT_EQ(shape.layers[3].weights(), 2880);
  EXPECT_EQ(parameters(shape), 800 + 2 * 25600 + 2880 + 10 + 3 * 64);
}

TEST(Models, ResNetForSmallImagesHasThreeShortcutConvolutions) {
  const NetworkShape shape = network_shape("resnet18", "cifar10");
  EXPECT_EQ(shape.layers.size(), 21u);  // stem, 16 of 3x3, 3 shortcuts, FC
  EXPECT_EQ(shape.layers[0].out_height, 32);
  EXPECT_EQ(shape.layers.back().in_channels, 512);
  EXPECT_FALSE(shape.layers.back().bias);
  EXPECT_EQ(network_shape("resnet18", "cifar100").layers.back().out_channels, 100);
}

TEST(Models, MobileNetHasDepthwiseLayersAndNoShortcutConvolution) {
  const NetworkShape shape = network_shape("mobilenetv2", "cifar10");
  int depthwise = 0;
  for (const LayerShape& layer : shape.layers) depthwise += layer.depthwise();
  EXPECT_EQ(depthwise, 17);
  EXPECT_EQ(shape.layers.size(), 53u);
}

TEST(Models, MobileNetsForSmallImagesHalveTheirMapsAsOftenAsPytorchCifarDoes) {
  // Its last pools are of 2x2 and 4x4 pixels of images of 32x32.
  EXPECT_EQ(network_shape("mobilenet", "cifar10").layers[26].out_height, 2);
  const NetworkShape second = network_shape("mobilenetv2-cifar", "cifar10");
  EXPECT_EQ(second.layers[second.layers.size() - 2].out_height, 4);
  // Projections beside the first block, the first of the second stage and the blocks of 96 and 320.
  int projections = 0;
  for (const LayerShape& layer : second.layers)
    projections += layer.name.find("shortcut") != std::string::npos;
  EXPECT_EQ(projections, 4);
  EXPECT_EQ(second.layers.size(), 2 + 17 * 3 + 4 + 1u);
}

int count(const Graph& graph, Op op) {
  int sum = 0;
  for (const Node& node : graph.nodes) sum += node.op == op;
  return sum;
}

TEST(Models, MobileNetsOfPytorchCifarEndTheirBlocksAsItsCodeDoes) {
  // Two ReLUs a block, the stem's and the last; sums where the map keeps its size: not the first
  // blocks of stages 3, 4 and 6.
  const Graph second = build_graph("mobilenetv2-cifar", "cifar10");
  EXPECT_EQ(count(second, Op::activation), 2 * 17 + 2);
  EXPECT_EQ(count(second, Op::add), 17 - 3);
  for (const Node& node : second.nodes) {
    if (node.op == Op::activation) {
      EXPECT_EQ(node.activation, Activation::relu);
    }
  }
  const Graph first = build_graph("mobilenet", "cifar10");
  EXPECT_EQ(count(first, Op::activation), 2 * 13 + 1);
  EXPECT_EQ(count(first, Op::add), 0);
}

TEST(Models, ExistForEveryDataSet) {
  for (const Model& model : known_models()) {
    for (const DatasetShape& data : known_datasets()) {
      EXPECT_EQ(build_graph(model.name, data.name).nodes.back().shape,
                (MapShape{1, 1, data.classes}))
          << model.name << " for " << data.name;
    }
  }
}

TEST(Models, AMistypedNameIsAnErrorWithTheNearestName) {
  try {
    network_shape("resnet81", "cifar10");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "unknown model 'resnet81' (did you mean 'resnet18'?)");
  }
  EXPECT_THROW(network_shape("resnet18", "cifar11"), Error);
}

TEST(Models, AModelTooDeepForItsImagesIsAnErrorThatNamesTheLayer) {
  EXPECT_NO_THROW(GraphBuilder("n", {5, 5, 1}).convolution("c", 0, {.kernel = 5}));
  EXPECT_THROW(GraphBuilder("n", {4, 5, 1}).convolution("c", 0, {.kernel = 5}), Error);
}

}  // namespace
}  // namespace lightloom::nn
