#pragma once

#include <cstdint>
#include <span>

#include "nn/graph/layer_shape.hpp"

namespace lightloom::nn {

/// A product of maps with maps (attention, Op::matrix_product) as a layer: one of a 1 x 1 kernel
/// whose weights are activations as well, new for every image.
struct MapProduct {
  int number = 0;  // in its network: counted on behind its layers, in the order of the graph
  const LayerShape& shape;         // of one image
  std::span<const float> inputs;   // (images, positions, in_channels)
  std::span<const float> weights;  // (images, out_channels, in_channels / groups)
  int images = 0;
  std::uint64_t first_image = 0;  // see InputMaps
  std::span<float> outputs;       // (images, positions, out_channels)
};

/// The inputs of a layer for a batch of images: (images, height, width, in_channels), contiguous,
/// channels last. Image i of the batch has the number first_image + i in its data set: noise is
/// drawn per image number, so batch size and threads do not matter.
struct InputMaps {
  std::span<const float> values;
  int images = 0;
  std::uint64_t first_image = 0;
};

/// What a layer multiplies through. The digital default is oneDNN; `cosim` brings one made of
/// light.
class MatrixEngine {
 public:
  virtual ~MatrixEngine() = default;

  /// Takes the weights of layer number `layer` ([out, in/groups, kh, kw], row-major). `write`
  /// counts how often this layer has been loaded before (programming errors are drawn per write).
  virtual void load(int layer, const LayerShape& shape, std::span<const float> weights,
                    std::uint32_t write) = 0;

  /// outputs = layer(inputs) without bias, (images, out_height, out_width, out_channels),
  /// contiguous, channels last.
  virtual void multiply(int layer, const InputMaps& inputs, std::span<float> outputs) = 0;

  /// outputs = product of two maps. Returns false, having done nothing, where the engine's weights
  /// are stored: such products are then computed exactly. As it stands here: that.
  virtual bool multiply_maps(const MapProduct& /*product*/) { return false; }
};

}  // namespace lightloom::nn
