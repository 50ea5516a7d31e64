#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

/// Where a part of a block stands: its number in the block's names.
struct BlockPart {
  std::string block;
  int number = 1;
};

/// conv-BN-ReLU, numbered as parts of their block.
int conv_norm_relu(GraphBuilder& net, const BlockPart& part, int from,
                   const ConvolutionOptions& options) {
  const std::string number = std::to_string(part.number);
  const int at = net.convolution(part.block + "conv" + number, from, options);
  return net.relu(net.batch_norm(part.block + "bn" + number, at));
}

/// A convolution of every channel by itself, then one of 1x1.
int separable(GraphBuilder& net, const std::string& block, int from, std::array<int, 2> to) {
  const auto [channels, stride] = to;
  const int in = net.shape(from).channels;
  const int at =
      conv_norm_relu(net, {block, 1}, from,
                     {.channels = in, .kernel = 3, .stride = stride, .padding = 1, .groups = in});
  return conv_norm_relu(net, {block, 2}, at, {.channels = channels});
}

struct Stage {
  int expansion, channels, blocks, stride;
};

/// Expansion, one convolution a channel, projection; where the map keeps its size, the input is
/// added, through a projection of its own if the channels change.
int inverted_residual(GraphBuilder& net, const std::string& block, int from, const Stage& stage) {
  const int in = net.shape(from).channels, hidden = in * stage.expansion;
  int at = conv_norm_relu(net, {block, 1}, from, {.channels = hidden});
  at = conv_norm_relu(
      net, {block, 2}, at,
      {.channels = hidden, .kernel = 3, .stride = stage.stride, .padding = 1, .groups = hidden});
  at = net.convolution(block + "conv3", at, {.channels = stage.channels});
  at = net.batch_norm(block + "bn3", at);
  if (stage.stride != 1) return at;
  if (in == stage.channels) return net.add(at, from);
  const int shortcut = net.convolution(block + "shortcut.0", from, {.channels = stage.channels});
  return net.add(at, net.batch_norm(block + "shortcut.1", shortcut));
}

}  // namespace

/// Howard et al. 2017 (arXiv 1704.04861), Table 1, with kuangliu's names (pytorch-cifar). Small
/// images: the stem keeps stride 1.
Graph mobilenet(const DatasetShape& data) {
  GraphBuilder net("mobilenet", data.image);
  constexpr std::array<std::array<int, 2>, 13> layers{{{64, 1},
                                                       {128, 2},
                                                       {128, 1},
                                                       {256, 2},
                                                       {256, 1},
                                                       {512, 2},
                                                       {512, 1},
                                                       {512, 1},
                                                       {512, 1},
                                                       {512, 1},
                                                       {512, 1},
                                                       {1024, 2},
                                                       {1024, 1}}};
  const int early = data.image.height <= small_image ? 1 : 2;
  int at =
      conv_norm_relu(net, {"", 1}, 0, {.channels = 32, .kernel = 3, .stride = early, .padding = 1});
  int number = 0;
  for (const std::array<int, 2>& layer : layers)
    at = separable(net, "layers." + std::to_string(number++) + ".", at, layer);
  net.linear("linear", net.flatten(net.global_pool(at)), data.classes, true);
  return std::move(net).finish();
}

/// MobileNetV2 as kuangliu/pytorch-cifar has it, another network than the paper's: ReLU for ReLU6,
/// an expansion of 1 in the first block too, projections beside blocks that change the channels.
/// The strides are those for small images.
Graph mobilenetv2_cifar(const DatasetShape& data) {
  GraphBuilder net("mobilenetv2-cifar", data.image);
  constexpr std::array<Stage, 7> stages{{{1, 16, 1, 1},
                                         {6, 24, 2, 1},
                                         {6, 32, 3, 2},
                                         {6, 64, 4, 2},
                                         {6, 96, 3, 1},
                                         {6, 160, 3, 2},
                                         {6, 320, 1, 1}}};
  int at = conv_norm_relu(net, {"", 1}, 0, {.channels = 32, .kernel = 3, .padding = 1});
  int number = 0;
  for (const Stage& stage : stages) {
    for (int block = 0; block < stage.blocks; ++block) {
      Stage one = stage;
      if (block > 0) one.stride = 1;
      at = inverted_residual(net, "layers." + std::to_string(number++) + ".", at, one);
    }
  }
  at = conv_norm_relu(net, {"", 2}, at, {.channels = 1280});
  net.linear("linear", net.flatten(net.global_pool(at)), data.classes, true);
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
