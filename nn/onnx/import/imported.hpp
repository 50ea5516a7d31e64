#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  std::map<int, NormValues> norms;
  std::vector<std::int64_t> input_dims;  // as in the file, batch included
  std::vector<std::int64_t> output_dims;
  std::optional<MapShape> flattened;  // the output is this map flattened channels last
};

}  // namespace lightloom::nn::onnx
