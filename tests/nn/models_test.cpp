#include "nn/models.hpp"

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
  EXPECT_EQ(parameters(network_shape("mobilenetv2", "imagenet")), 3504872);
  // The CIFAR variant has 11,173,962 with its FC bias of 10; the one of the published ratios has none.
  EXPECT_EQ(parameters(network_shape("resnet18", "cifar10")), 11173962 - 10);
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
