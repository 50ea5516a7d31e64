#pragma once

#include <span>

namespace lightloom::nn {

/// What a `MatrixEngine` is as well that learns in a training. It hears, layer by layer on the way
/// back, the gradient of the loss in the outputs that the layer's last `multiply` gave, whose
/// inputs still stand where they were.
class GradientReader {
 public:
  virtual ~GradientReader() = default;
  virtual void take_gradient(int layer, std::span<const float> d_outputs) = 0;
};

}  // namespace lightloom::nn
