#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

struct Stage {
  int expansion, kernel, stride, channels, blocks;
};

int conv_norm(GraphBuilder& net, const std::string& name, int from,
              const ConvolutionOptions& options) {
  return net.batch_norm(name + ".1", net.convolution(name + ".0", from, options));
}

/// Squeezes to a quarter of the block's input channels.
int squeeze_excite(GraphBuilder& net, const std::string& name, int from, int squeezed) {
  int gate =
      net.convolution(name + ".fc1", net.global_pool(from), {.channels = squeezed, .bias = true});
  gate = net.convolution(name + ".fc2", net.activation(gate, Activation::silu),
                         {.channels = net.shape(from).channels, .bias = true});
  return net.multiply(from, net.activation(gate, Activation::sigmoid));
}

int inverted_residual(GraphBuilder& net, const std::string& name, int from, const Stage& stage) {
  const int in = net.shape(from).channels, hidden = in * stage.expansion;
  int at = from, part = 0;
  const auto next = [&] { return name + ".block." + std::to_string(part++); };
  if (stage.expansion != 1) {
    at = net.activation(conv_norm(net, next(), at, {.channels = hidden}), Activation::silu);
  }
  at = conv_norm(net, next(), at,
                 {.channels = hidden,
                  .kernel = stage.kernel,
                  .stride = stage.stride,
                  .padding = stage.kernel / 2,
                  .groups = hidden});
  at = squeeze_excite(net, next(), net.activation(at, Activation::silu), std::max(1, in / 4));
  at = conv_norm(net, next(), at, {.channels = stage.channels});
  return stage.stride == 1 && in == stage.channels ? net.add(at, from) : at;
}

}  // namespace

/// Tan and Le, ICML 2019, Table 1, without stochastic depth. Small images: the stem and the first
/// stage of stride 2 keep stride 1.
Graph efficientnet_b0(const DatasetShape& data) {
  GraphBuilder net("efficientnet-b0", data.image);
  const int early = data.image.height <= small_image ? 1 : 2;
  const std::array<Stage, 7> stages{{{1, 3, 1, 16, 1},
                                     {6, 3, early, 24, 2},
                                     {6, 5, 2, 40, 2},
                                     {6, 3, 2, 80, 3},
                                     {6, 5, 1, 112, 3},
                                     {6, 5, 2, 192, 4},
                                     {6, 3, 1, 320, 1}}};
  int at =
      conv_norm(net, "features.0", 0, {.channels = 32, .kernel = 3, .stride = early, .padding = 1});
  at = net.activation(at, Activation::silu);
  for (std::size_t s = 0; s < stages.size(); ++s) {
    for (int block = 0; block < stages[s].blocks; ++block) {
      Stage one = stages[s];
      if (block > 0) one.stride = 1;
      at = inverted_residual(net, "features." + std::to_string(s + 1) + "." + std::to_string(block),
                             at, one);
    }
  }
  at = net.activation(conv_norm(net, "features.8", at, {.channels = 1280}), Activation::silu);
  at = net.flatten(net.global_pool(at));
  net.linear("classifier.1", net.dropout(at, 0.2), data.classes, true);
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
