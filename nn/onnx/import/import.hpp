#pragma once

#include <string>
#include <vector>

#include "nn/network/network.hpp"
#include "nn/onnx/model/model.hpp"
#include "nn/onnx/translation/imported.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn::onnx {

/// The graph and numbers of an ONNX file, without a softmax at its end (predictions stay, and
/// training needs the logits). What cannot be imported is an `Error` that names operator, node and
/// opset.
Imported import_model(const std::string& path);

/// The network, its weights encoded into the sources of `card`.
Network network_of(Imported imported, const SourceCard& card);
/// The file's numbers for a network on the file's graph.
void give_weights(Imported imported, Network& network);

/// (images, channels, height, width) to channels last and back; arrays of other ranks keep their
/// order.
Tensor to_channels_last(const Array& array, const MapShape& map);
std::vector<float> to_channels_first(const Tensor& tensor);

}  // namespace lightloom::nn::onnx
