#include "tests/fuzz/base/small_network.hpp"

namespace lightloom::fuzz {

nn::Network small_network(const nn::SourceCard& card) {
  nn::GraphBuilder builder("small", {4, 4, 1});
  const int map = builder.batch_norm(
      "norm", builder.convolution("conv", 0, {.channels = 3, .kernel = 3, .padding = 1}));
  builder.linear("fc", builder.flatten(builder.relu(map)), 2, true);
  return {std::move(builder).finish(), card, 1};
}

}  // namespace lightloom::fuzz
