#include "nn/models/builders.hpp"

namespace lightloom::nn::models {

/// C32K5S2 - C32K5S1 - C32K5S1 - AvgPool3 - FC (Gu et al., ICCV 2021, Sec. 4), BatchNorm and ReLU
/// after each convolution. Padding is not published; 1 gives maps of 13, 11 and 9, so that the pool
/// yields the 3x3 of its name.
Graph cnn3(const DatasetShape& data) {
  GraphBuilder net("cnn3", data.image);
  int at = 0;
  for (int layer = 0; layer < 3; ++layer) {
    const std::string number = std::to_string(layer + 1);
    at = net.convolution("conv" + number, at,
                         {.channels = 32, .kernel = 5, .stride = layer == 0 ? 2 : 1, .padding = 1});
    at = net.relu(net.batch_norm("bn" + number, at));
  }
  at = net.average_pool(at, {.height = 3, .width = 3, .stride = 3});
  net.linear("linear", net.flatten(at), data.classes, true);
  return std::move(net).finish();
}

}  // namespace lightloom::nn::models
