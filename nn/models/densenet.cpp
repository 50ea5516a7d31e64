#include <array>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

/// `growth` channels more, behind a bottleneck of four times as many.
int dense_layer(GraphBuilder& net, const std::string& name, int from, int growth) {
  int at = net.relu(net.batch_norm(name + ".norm1", from));
  at = net.convolution(name + ".conv1", at, {.channels = 4 * growth});
  at = net.relu(net.batch_norm(name + ".norm2", at));
  at = net.convolution(name + ".conv2", at, {.channels = growth, .kernel = 3, .padding = 1});
  return net.concat({from, at});
}

int transition(GraphBuilder& net, const std::string& name, int from) {
  int at = net.relu(net.batch_norm(name + ".norm", from));
  at = net.convolution(name + ".conv", at, {.channels = net.shape(from).channels / 2});
  return net.average_pool(at, {.height = 2, .width = 2, .stride = 2});
}

/// The stem: 2 `growth` channels of small images as they are, of large ones at a quarter of their
/// sides.
int stem(GraphBuilder& net, int height, int growth) {
  const std::string name = "features.conv0";
  if (height <= small_image)
    return net.convolution(name, 0, {.channels = 2 * growth, .kernel = 3, .padding = 1});
  const int at =
      net.convolution(name, 0, {.channels = 2 * growth, .kernel = 7, .stride = 2, .padding = 3});
  return net.max_pool(net.relu(net.batch_norm("features.norm0", at)),
                      {.height = 3, .width = 3, .stride = 2, .padding = 1});
}

/// Blocks of (6, 12, 24, 16) layers, behind each but the last a transition.
Graph densenet(const DatasetShape& data, int growth) {
  GraphBuilder net("densenet", data.image);
  int at = stem(net, data.image.height, growth);
  constexpr std::array<int, 4> layers{6, 12, 24, 16};
  for (std::size_t block = 0; block < layers.size(); ++block) {
    const std::string number = std::to_string(block + 1);
    for (int layer = 1; layer <= layers[block]; ++layer) {
      at = dense_layer(net, "features.denseblock" + number + ".denselayer" + std::to_string(layer),
                       at, growth);
    }
    if (block + 1 < layers.size()) at = transition(net, "features.transition" + number, at);
  }
  at = net.relu(net.batch_norm("features.norm5", at));
  net.linear("classifier", net.flatten(net.global_pool(at)), data.classes, true);
  return std::move(net).finish();
}

}  // namespace

/// Huang et al., CVPR 2017: growth 32. Small images: 3x3 stem of stride 1 without BatchNorm or
/// pooling after it. Large images: 7x7 stem of stride 2, BatchNorm, ReLU, max pooling.
Graph densenet121(const DatasetShape& data) { return densenet(data, 32); }
/// The same with growth 12, as kuangliu/pytorch-cifar has it.
Graph densenet_cifar(const DatasetShape& data) { return densenet(data, 12); }

}  // namespace lightloom::nn::models
