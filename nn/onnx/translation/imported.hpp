#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn::onnx {

struct LayerValues {
  std::vector<float> weight;  // [out, in/groups, kh, kw], columns of a flattened map channels last
  std::vector<float> bias;
};
struct NormValues {
  std::vector<float> scale, shift, mean, variance;
};

/// A model as our graph, with its numbers by node.
struct Imported {
  Graph graph;
  std::map<int, LayerValues> layers;
  std::map<int, NormValues> norms;  // of a constant: all its numbers as the shift
  // As in the file, 0 where the number of images is open. Values of four axes are maps, all others
  // have their elements in the file's order.
  std::vector<std::int64_t> input_dims;
  std::vector<std::int64_t> output_dims;
  bool channels_last = false;  // the input has four axes, but as (images, height, width, channels)
};

}  // namespace lightloom::nn::onnx
