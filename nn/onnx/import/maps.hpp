#pragma once

#include "nn/onnx/translation/translation.hpp"

namespace lightloom::nn::onnx {

/// A value (images, channels, sides...) as a map of its channels: itself for four axes, one line of
/// positions for others. Throws `Unsupported` unless the first axis counts images alone.
Changing as_map(Translation& t, const Operation& o, Changing x);
/// `node`, made of such a map and of the same positions, as (images, channels, `sides`...).
Changing of_map(const Translation& t, int node, std::vector<std::int64_t> sides);

/// A map without the border of zeros that a Pad put around it, and the border.
struct Bordered {
  Changing inner;
  Sides border;
};
Bordered without_border(Translation& t, Changing x);

}  // namespace lightloom::nn::onnx
