#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/network/network.hpp"
#include "nn/onnx/model/unsupported.hpp"
#include "nn/ops/tensor.hpp"

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

/// Translates a model with one changing input; all others must be constants. Inference semantics:
/// dropout does nothing. Throws `Unsupported`.
Imported translate(const Model& model);

/// The network of an ONNX file, without a softmax at its end (predictions stay, and training needs
/// the logits). What cannot be imported is an `Error` that names operator, node and opset.
Imported import_model(const std::string& path);

/// The same with its weights encoded into the sources of `card`.
Network import_network(const std::string& path, const SourceCard& card);
Network network_of(Imported imported, const SourceCard& card);
/// The file's numbers for a network on the file's graph.
void give_weights(Imported imported, Network& network);

/// (images, channels, height, width) to channels last and back; arrays of other ranks keep their
/// order.
Tensor to_channels_last(const Array& array, const MapShape& map);
std::vector<float> to_channels_first(const Tensor& tensor);

}  // namespace lightloom::nn::onnx
