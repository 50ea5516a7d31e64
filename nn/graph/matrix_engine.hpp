#pragma once

#include <cstdint>
#include <span>

#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// What a layer multiplies through. The digital default is oneDNN; `cosim` brings one made of
/// light.
class MatrixEngine {
 public:
  virtual ~MatrixEngine() = default;

  /// Takes the weights of layer number `layer` ([out, in/groups, kh, kw], row-major). `write`
  /// counts how often this layer has been loaded before (programming errors are drawn per write).
  virtual void load(int layer, const LayerShape& shape, std::span<const float> weights,
                    std::uint32_t write) = 0;

  /// outputs = layer(inputs) without bias. `inputs` is (images, height, width, in_channels),
  /// `outputs` (images, out_height, out_width, out_channels), both contiguous, channels last. Image
  /// i of the batch has the number first_image + i in its data set: noise is drawn per image
  /// number, so batch size and threads do not matter.
  virtual void multiply(int layer, std::span<const float> inputs, int images,
                        std::uint64_t first_image, std::span<float> outputs) = 0;
};

}  // namespace lightloom::nn
