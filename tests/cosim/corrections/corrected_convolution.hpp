#pragma once

#include <cstdint>
#include <vector>

#include "core/random/random.hpp"
#include "nn/graph/layer_shape.hpp"

namespace lightloom::cosim {

/// 4 outputs of 3 inputs and 2 x 2 kernels over maps of 5 x 4: 12 positions.
inline nn::LayerShape corrected_convolution() {
  return {.name = "l",
          .in_channels = 3,
          .out_channels = 4,
          .kernel_height = 2,
          .kernel_width = 2,
          .in_height = 5,
          .in_width = 4,
          .out_height = 4,
          .out_width = 3};
}

inline std::vector<float> numbers_of(std::size_t count, std::uint64_t shot) {
  const Stream stream({.seed = 9, .purpose = Purpose::test});
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(stream.normal(i, shot));
  return values;
}

}  // namespace lightloom::cosim
