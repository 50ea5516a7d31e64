#include "nn/models/models.hpp"

#include <gtest/gtest.h>

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
  EXPECT_EQ(parameters(network_shape("lenet5", "mnist")), 61706);
  EXPECT_EQ(parameters(network_shape("mlp", "mnist")), 784 * 256 + 256 + 256 * 128 + 128 + 1290);
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
