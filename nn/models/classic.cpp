#include <algorithm>
#include <string>
#include <vector>

#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

constexpr Window halve{.height = 2, .width = 2, .stride = 2};

/// conv3x3-BN-ReLU per number, max pooling per 0 (left out on a map of 1x1), named by position like
/// the usual sequential layouts.
int vgg_features(GraphBuilder& net, std::initializer_list<int> plan, bool bias) {
  int at = 0, position = 0;
  for (const int channels : plan) {
    if (channels == 0) {
      if (net.shape(at).height > 1) at = net.max_pool(at, halve);
      ++position;
      continue;
    }
    at = net.convolution("features." + std::to_string(position), at,
                         {.channels = channels, .kernel = 3, .padding = 1, .bias = bias});
    at = net.relu(net.batch_norm("features." + std::to_string(position + 1), at));
    position += 3;
  }
  return at;
}

}  // namespace

/// Hidden layers of these units.
Graph mlp_of(const DatasetShape& data, const std::vector<int>& hidden, Activation activation) {
  GraphBuilder net("mlp", data.image);
  int at = net.flatten(0), number = 0;
  for (const int units : hidden)
    at = net.activation(net.linear("fc" + std::to_string(++number), at, units, true), activation);
  net.linear("fc" + std::to_string(number + 1), at, data.classes, true);
  return std::move(net).finish();
}

/// Two hidden layers of 256 and 128 units with ReLU.
Graph mlp(const DatasetShape& data) { return mlp_of(data, {256, 128}, Activation::relu); }

/// LeCun et al., Proc. IEEE 1998, in today's form: full connection between the maps, ReLU, max
/// pooling. Images below 32x32 are padded to it.
Graph lenet5(const DatasetShape& data) {
  GraphBuilder net("lenet5", data.image);
  const int padding = std::max(0, (32 - data.image.height) / 2);
  int at =
      net.convolution("conv1", 0, {.channels = 6, .kernel = 5, .padding = padding, .bias = true});
  at = net.max_pool(net.relu(at), halve);
  at = net.convolution("conv2", at, {.channels = 16, .kernel = 5, .bias = true});
  at = net.flatten(net.max_pool(net.relu(at), halve));
  at = net.relu(net.linear("fc1", at, 120, true));
  at = net.relu(net.linear("fc2", at, 84, true));
  net.linear("fc3", at, data.classes, true);
  return std::move(net).finish();
}

/// Six convolutions and two linear layers, the VGG-8 of in-memory-computing studies (DNN+NeuroSim,
/// Peng et al., IEDM 2019), here with BatchNorm.
Graph vgg8(const DatasetShape& data) {
  GraphBuilder net("vgg8", data.image);
  int at = vgg_features(net, {128, 128, 0, 256, 256, 0, 512, 512, 0}, false);
  at = net.relu(net.linear("classifier.0", net.flatten(at), 1024, true));
  net.linear("classifier.2", at, data.classes, true);
  return std::move(net).finish();
}

/// Simonyan and Zisserman, ICLR 2015, configuration A with BatchNorm. Small images: one linear
/// layer on the 1x1 map.
Graph vgg11(const DatasetShape& data) {
  GraphBuilder net("vgg11", data.image);
  int at = vgg_features(net, {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}, true);
  at = net.flatten(at);
  if (data.image.height > small_image) {
    at = net.dropout(net.relu(net.linear("classifier.0", at, 4096, true)), 0.5);
    at = net.dropout(net.relu(net.linear("classifier.3", at, 4096, true)), 0.5);
    net.linear("classifier.6", at, data.classes, true);
  } else {
    net.linear("classifier", at, data.classes, true);
  }
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
