#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

/// conv-BN, the layout of every ResNet part.
struct ConvNormNames {
  std::string convolution, norm;
};
int conv_norm(GraphBuilder& net, const ConvNormNames& names, int from,
              const ConvolutionOptions& options) {
  return net.batch_norm(names.norm, net.convolution(names.convolution, from, options));
}

/// Channels of a block's output, and its stride.
struct BlockShape {
  int width, stride;
};

/// The input as the block's output sees it: itself, or a 1x1 projection when width or stride
/// changes.
int projection(GraphBuilder& net, const std::string& name, int from, const BlockShape& block) {
  const auto [width, stride] = block;
  if (stride == 1 && net.shape(from).channels == width) return from;
  return conv_norm(net, {name + ".shortcut.0", name + ".shortcut.1"}, from,
                   {.channels = width, .stride = stride});
}

/// Shortcut A: subsampling and zero channels instead of a projection.
int padded(GraphBuilder& net, int from, const BlockShape& block) {
  return block.stride == 1 ? from : net.subsample(from, block.width);
}

int basic_body(GraphBuilder& net, const std::string& name, int from, const BlockShape& block) {
  const auto [width, stride] = block;
  const int at = conv_norm(net, {name + ".conv1", name + ".bn1"}, from,
                           {.channels = width, .kernel = 3, .stride = stride, .padding = 1});
  return conv_norm(net, {name + ".conv2", name + ".bn2"}, net.relu(at),
                   {.channels = width, .kernel = 3, .padding = 1});
}

int basic_block(GraphBuilder& net, const std::string& name, int from, const BlockShape& block) {
  const int body = basic_body(net, name, from, block);
  return net.relu(net.add(body, projection(net, name, from, block)));
}

int bottleneck_block(GraphBuilder& net, const std::string& name, int from,
                     const BlockShape& block) {
  const auto [width, stride] = block;
  int at = conv_norm(net, {name + ".conv1", name + ".bn1"}, from, {.channels = width});
  at = conv_norm(net, {name + ".conv2", name + ".bn2"}, net.relu(at),
                 {.channels = width, .kernel = 3, .stride = stride, .padding = 1});
  at = conv_norm(net, {name + ".conv3", name + ".bn3"}, net.relu(at), {.channels = 4 * width});
  return net.relu(net.add(at, projection(net, name, from, {4 * width, stride})));
}

using Block = int (*)(GraphBuilder&, const std::string&, int, const BlockShape&);

Graph deep_resnet(const DatasetShape& data, Block block, const std::array<int, 4>& blocks) {
  GraphBuilder net("resnet", data.image);
  const bool small = data.image.height <= small_image;
  const ConvolutionOptions stem =
      small ? ConvolutionOptions{.channels = 64, .kernel = 3, .padding = 1}
            : ConvolutionOptions{.channels = 64, .kernel = 7, .stride = 2, .padding = 3};
  int at = net.relu(conv_norm(net, {"conv1", "bn1"}, 0, stem));
  if (!small) at = net.max_pool(at, {.height = 3, .width = 3, .stride = 2, .padding = 1});
  for (int stage = 0; stage < 4; ++stage) {
    for (int number = 0; number < blocks[static_cast<std::size_t>(stage)]; ++number) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(number);
      at = block(net, name, at, {64 << stage, stage > 0 && number == 0 ? 2 : 1});
    }
  }
  net.linear("linear", net.flatten(net.global_pool(at)), data.classes, !small);
  return std::move(net).finish();
}

/// Section 4.2 of the paper: three stages of 16, 32, 64 channels, 2 n convolutions each.
Graph cifar_resnet(const DatasetShape& data, int blocks) {
  GraphBuilder net("resnet", data.image);
  int at =
      net.relu(conv_norm(net, {"conv1", "bn1"}, 0, {.channels = 16, .kernel = 3, .padding = 1}));
  for (int stage = 0; stage < 3; ++stage) {
    for (int number = 0; number < blocks; ++number) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(number);
      const BlockShape block{16 << stage, stage > 0 && number == 0 ? 2 : 1};
      const int body = basic_body(net, name, at, block);
      at = net.relu(net.add(body, padded(net, at, block)));
    }
  }
  net.linear("linear", net.flatten(net.global_pool(at)), data.classes, true);
  return std::move(net).finish();
}

}  // namespace

// He et al., CVPR 2016. Small images: the widespread CIFAR variant, 3x3 stem of stride 1, no
// pooling, and here no FC bias (which reproduces the published ratios of Gu et al.). Large images:
// 7x7 stem of stride 2, max pooling, FC with bias, and in ResNet-50 the stride on the 3x3
// convolution.
Graph resnet18(const DatasetShape& data) { return deep_resnet(data, basic_block, {2, 2, 2, 2}); }
Graph resnet34(const DatasetShape& data) { return deep_resnet(data, basic_block, {3, 4, 6, 3}); }
Graph resnet50(const DatasetShape& data) {
  return deep_resnet(data, bottleneck_block, {3, 4, 6, 3});
}

Graph resnet20(const DatasetShape& data) { return cifar_resnet(data, 3); }
Graph resnet32(const DatasetShape& data) { return cifar_resnet(data, 5); }
Graph resnet44(const DatasetShape& data) { return cifar_resnet(data, 7); }
Graph resnet56(const DatasetShape& data) { return cifar_resnet(data, 9); }

}  // namespace lightloom::nn::models
