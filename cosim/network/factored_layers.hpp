#pragma once

#include <vector>

#include "cosim/layers/cost_input.hpp"

namespace lightloom::cosim {

/// A layer taken apart for execution: itself, or the layers of its factors.
struct ExpandedLayer {
  CostLayer layer;
  std::size_t origin = 0;  // index of the layer it comes from
};

/// Replaces factored layers of a two-level source by the factors in the order in which they act on
/// the input:
///   U      a 1x1 convolution in -> cross * intra at the input's resolution,
///   basis  a convolution of `cross` groups, intra -> 1 channels each, with the layer's kernel,
///   stride and padding, V      a 1x1 convolution cross -> out.
/// A level that is off is left out: without V every output has its own group, without U the middle
/// one has all channels.
std::vector<ExpandedLayer> expand_layers(const std::vector<CostLayer>& layers);

}  // namespace lightloom::cosim
