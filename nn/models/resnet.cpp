#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

/// conv-BN, the layout of every ResNet part.
int conv_norm(GraphBuilder& net, const std::string& conv, const std::string& norm, int from,
              const ConvolutionOptions& options) {
  return net.batch_norm(norm, net.convolution(conv, from, options));
}

int basic_block(GraphBuilder& net, const std::string& name, int from, int width, int stride) {
  int at = conv_norm(net, name + ".conv1", name + ".bn1", from,
                     {.channels = width, .kernel = 3, .stride = stride, .padding = 1});
  at = conv_norm(net, name + ".conv2", name + ".bn2", net.relu(at),
                 {.channels = width, .kernel = 3, .padding = 1});
  int shortcut = from;
  if (stride != 1 || net.shape(from).channels != width) {
    shortcut = conv_norm(net, name + ".shortcut.0", name + ".shortcut.1", from,
                         {.channels = width, .stride = stride});
  }
  return net.relu(net.add(at, shortcut));
}

}  // namespace

/// He et al., CVPR 2016. Small images: the widespread CIFAR variant, 3x3 stem of stride 1, no
/// pooling, and here no FC bias (which reproduces the published ratios). Large images: 7x7 stem of
/// stride 2, max pooling, FC with bias.
Graph resnet18(const DatasetShape& data) {
  GraphBuilder net("resnet18", data.image);
  const bool small = data.image.height <= small_image;
  const ConvolutionOptions stem =
      small ? ConvolutionOptions{.channels = 64, .kernel = 3, .padding = 1}
            : ConvolutionOptions{.channels = 64, .kernel = 7, .stride = 2, .padding = 3};
  int at = net.relu(conv_norm(net, "conv1", "bn1", 0, stem));
  if (!small) at = net.max_pool(at, {.height = 3, .width = 3, .stride = 2, .padding = 1});
  int width = 64;
  for (int stage = 1; stage <= 4; ++stage, width *= 2) {
    for (int block = 0; block < 2; ++block) {
      at = basic_block(net, "layer" + std::to_string(stage) + "." + std::to_string(block), at,
                       width, stage > 1 && block == 0 ? 2 : 1);
    }
  }
  net.linear("linear", net.flatten(net.global_pool(at)), data.classes, !small);
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
