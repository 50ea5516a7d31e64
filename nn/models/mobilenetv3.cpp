#include <algorithm>
#include <array>
#include <span>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

constexpr double epsilon = 1e-3;  // of every BatchNorm of these networks
constexpr auto relu = Activation::relu, swish = Activation::hard_swish;

struct Block {
  int kernel, hidden, channels;
  bool gate;  // squeeze-excite
  Activation activation;
  int stride;
};

/// The nearest multiple of 8, not below 90 % of `value`.
int divisible(double value) {
  const int rounded = std::max(8, static_cast<int>(value + 4) / 8 * 8);
  return rounded < 0.9 * value ? rounded + 8 : rounded;
}

int conv_norm(GraphBuilder& net, const std::string& name, int from,
              const ConvolutionOptions& options) {
  return net.batch_norm(name + ".1", net.convolution(name + ".0", from, options), epsilon);
}

int squeeze_excite(GraphBuilder& net, const std::string& name, int from) {
  const int channels = net.shape(from).channels;
  int gate = net.convolution(name + ".fc1", net.global_pool(from),
                             {.channels = divisible(channels / 4.0), .bias = true});
  gate = net.convolution(name + ".fc2", net.relu(gate), {.channels = channels, .bias = true});
  return net.multiply(from, net.activation(gate, Activation::hard_sigmoid));
}

int inverted_residual(GraphBuilder& net, const std::string& name, int from, const Block& block) {
  const int in = net.shape(from).channels;
  int at = from, part = 0;
  const auto next = [&] { return name + ".block." + std::to_string(part++); };
  if (block.hidden != in) {
    at = net.activation(conv_norm(net, next(), at, {.channels = block.hidden}), block.activation);
  }
  at = conv_norm(net, next(), at,
                 {.channels = block.hidden,
                  .kernel = block.kernel,
                  .stride = block.stride,
                  .padding = block.kernel / 2,
                  .groups = block.hidden});
  at = net.activation(at, block.activation);
  if (block.gate) at = squeeze_excite(net, next(), at);
  at = conv_norm(net, next(), at, {.channels = block.channels});
  return block.stride == 1 && in == block.channels ? net.add(at, from) : at;
}

/// Howard et al., ICCV 2019, Tables 1 and 2, in torchvision's layout. Small images: the stem and
/// the first block of stride 2 keep stride 1.
Graph mobilenetv3(const DatasetShape& data, std::span<const Block> blocks, int head) {
  GraphBuilder net("mobilenetv3", data.image);
  const bool small = data.image.height <= small_image;
  int at = conv_norm(net, "features.0", 0,
                     {.channels = 16, .kernel = 3, .stride = small ? 1 : 2, .padding = 1});
  at = net.activation(at, swish);
  int number = 1;
  bool full = small;  // still to skip a stride
  for (Block block : blocks) {
    if (full && block.stride == 2) {
      block.stride = 1;
      full = false;
    }
    at = inverted_residual(net, "features." + std::to_string(number++), at, block);
  }
  const int last = 6 * net.shape(at).channels;
  at = conv_norm(net, "features." + std::to_string(number), at, {.channels = last});
  at = net.flatten(net.global_pool(net.activation(at, swish)));
  at = net.activation(net.linear("classifier.0", at, head, true), swish);
  net.linear("classifier.3", net.dropout(at, 0.2), data.classes, true);
  return std::move(net).finish();
}

}  // namespace

Graph mobilenetv3_large(const DatasetShape& data) {
  static constexpr std::array<Block, 15> blocks{{{3, 16, 16, false, relu, 1},
                                                 {3, 64, 24, false, relu, 2},
                                                 {3, 72, 24, false, relu, 1},
                                                 {5, 72, 40, true, relu, 2},
                                                 {5, 120, 40, true, relu, 1},
                                                 {5, 120, 40, true, relu, 1},
                                                 {3, 240, 80, false, swish, 2},
                                                 {3, 200, 80, false, swish, 1},
                                                 {3, 184, 80, false, swish, 1},
                                                 {3, 184, 80, false, swish, 1},
                                                 {3, 480, 112, true, swish, 1},
                                                 {3, 672, 112, true, swish, 1},
                                                 {5, 672, 160, true, swish, 2},
                                                 {5, 960, 160, true, swish, 1},
                                                 {5, 960, 160, true, swish, 1}}};
  return mobilenetv3(data, blocks, 1280);
}

Graph mobilenetv3_small(const DatasetShape& data) {
  static constexpr std::array<Block, 11> blocks{{{3, 16, 16, true, relu, 2},
                                                 {3, 72, 24, false, relu, 2},
                                                 {3, 88, 24, false, relu, 1},
                                                 {5, 96, 40, true, swish, 2},
                                                 {5, 240, 40, true, swish, 1},
                                                 {5, 240, 40, true, swish, 1},
                                                 {5, 120, 48, true, swish, 1},
                                                 {5, 144, 48, true, swish, 1},
                                                 {5, 288, 96, true, swish, 2},
                                                 {5, 576, 96, true, swish, 1},
                                                 {5, 576, 96, true, swish, 1}}};
  return mobilenetv3(data, blocks, 1024);
}

}  // namespace lightloom::nn::models
