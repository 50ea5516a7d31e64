#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

constexpr int growth = 32, bottleneck = 128;

int dense_layer(GraphBuilder& net, const std::string& name, int from) {
  int at = net.relu(net.batch_norm(name + ".norm1", from));
  at = net.convolution(name + ".conv1", at, {.channels = bottleneck});
  at = net.relu(net.batch_norm(name + ".norm2", at));
  at = net.convolution(name + ".conv2", at, {.channels = growth, .kernel = 3, .padding = 1});
  return net.concat({from, at});
}

int transition(GraphBuilder& net, const std::string& name, int from) {
  int at = net.relu(net.batch_norm(name + ".norm", from));
  at = net.convolution(name + ".conv", at, {.channels = net.shape(from).channels / 2});
  return net.average_pool(at, {.height = 2, .width = 2, .stride = 2});
}

}  // namespace

/// Huang et al., CVPR 2017: growth 32, blocks (6, 12, 24, 16). Small images: 3x3 stem of stride 1
/// without BatchNorm or pooling after it. Large images: 7x7 stem of stride 2, BatchNorm, ReLU, max
/// pooling.
Graph densenet121(const DatasetShape& data) {
  GraphBuilder net("densenet121", data.image);
  int at = 0;
  if (data.image.height <= small_image) {
    at = net.convolution("features.conv0", 0, {.channels = 64, .kernel = 3, .padding = 1});
  } else {
    at = net.convolution("features.conv0", 0,
                         {.channels = 64, .kernel = 7, .stride = 2, .padding = 3});
    at = net.relu(net.batch_norm("features.norm0", at));
    at = net.max_pool(at, {.height = 3, .width = 3, .stride = 2, .padding = 1});
  }
  constexpr std::array<int, 4> layers{6, 12, 24, 16};
  for (std::size_t block = 0; block < layers.size(); ++block) {
    const std::string number = std::to_string(block + 1);
    for (int layer = 1; layer <= layers[block]; ++layer) {
      at = dense_layer(net, "features.denseblock" + number + ".denselayer" + std::to_string(layer),
                       at);
    }
    if (block + 1 < layers.size()) at = transition(net, "features.transition" + number, at);
  }
  at = net.relu(net.batch_norm("features.norm5", at));
  net.linear("classifier", net.flatten(net.global_pool(at)), data.classes, true);
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
