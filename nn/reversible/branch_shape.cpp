#include "nn/reversible/branch_shape.hpp"

namespace lightloom::nn {

LayerShape BranchShape::convolution(int in_channels, int kernel) const {
  return {.name = "branch",
          .in_channels = in_channels,
          .out_channels = channels,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .padding = kernel / 2,
          .bias = true,
          .in_height = size,
          .in_width = size,
          .out_height = size,
          .out_width = size};
}

LayerShape BranchShape::head() const {
  return {.name = "branch head",
          .kind = LayerShape::Kind::linear,
          .in_channels = 2 * channels,
          .out_channels = classes,
          .bias = true};
}

std::int64_t BranchShape::connection_macs(int block) const {
  return convolution(taps[static_cast<std::size_t>(tap_of(block))].channels, 1).macs();
}

}  // namespace lightloom::nn
