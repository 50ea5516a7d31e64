#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

struct Stage {
  int expansion, channels, blocks, stride;
};

/// Adds conv-BN named like torchvision's sequences and, if wanted by the caller, the ReLU6 follows.
struct ConvNormNames {
  std::string convolution, norm;
};
int conv_norm(GraphBuilder& net, const ConvNormNames& names, int from,
              const ConvolutionOptions& options) {
  return net.batch_norm(names.norm, net.convolution(names.convolution, from, options));
}

int inverted_residual(GraphBuilder& net, const std::string& name, int from, const Stage& stage) {
  const int in = net.shape(from).channels;
  const int hidden = in * stage.expansion;
  int at = from, part = 0;
  const auto next = [&] { return name + ".conv." + std::to_string(part++); };
  if (stage.expansion != 1) {
    const std::string expand = next();
    at = conv_norm(net, {expand + ".0", expand + ".1"}, at, {.channels = hidden});
    at = net.activation(at, Activation::relu6);
  }
  const std::string depthwise = next();
  at = conv_norm(
      net, {depthwise + ".0", depthwise + ".1"}, at,
      {.channels = hidden, .kernel = 3, .stride = stage.stride, .padding = 1, .groups = hidden});
  at = net.activation(at, Activation::relu6);
  const std::string project = next(), norm = next();
  at = conv_norm(net, {project, norm}, at, {.channels = stage.channels});
  return stage.stride == 1 && in == stage.channels ? net.add(at, from) : at;
}

}  // namespace

/// Sandler et al., CVPR 2018, Table 2, in torchvision's layout. Small images: the stem and the
/// second stage keep stride 1 (strides do not enter any parameter count).
Graph mobilenetv2(const DatasetShape& data) {
  GraphBuilder net("mobilenetv2", data.image);
  const int early = data.image.height <= small_image ? 1 : 2;
  const std::array<Stage, 7> stages{{{1, 16, 1, 1},
                                     {6, 24, 2, early},
                                     {6, 32, 3, 2},
                                     {6, 64, 4, 2},
                                     {6, 96, 3, 1},
                                     {6, 160, 3, 2},
                                     {6, 320, 1, 1}}};
  int at = conv_norm(net, {"features.0.0", "features.0.1"}, 0,
                     {.channels = 32, .kernel = 3, .stride = early, .padding = 1});
  at = net.activation(at, Activation::relu6);
  int number = 1;
  for (const Stage& stage : stages) {
    for (int block = 0; block < stage.blocks; ++block) {
      Stage one = stage;
      if (block > 0) one.stride = 1;
      at = inverted_residual(net, "features." + std::to_string(number++), at, one);
    }
  }
  at = conv_norm(net, {"features.18.0", "features.18.1"}, at, {.channels = 1280});
  at = net.flatten(net.global_pool(net.activation(at, Activation::relu6)));
  net.linear("classifier.1", net.dropout(at, 0.2), data.classes, true);
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
