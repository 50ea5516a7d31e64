#pragma once

#include <string>
#include <vector>

#include "nn/network/network.hpp"
#include "nn/onnx/model/model.hpp"
#include "nn/onnx/translation/imported.hpp"
#include "nn/ops/tensor.hpp"

namespace lightloom::nn::onnx {

/// The graph and numbers of an ONNX file up to its logits: without a softmax or the like at its end
/// (predictions stay, and training needs the logits), and without outputs after the first. What
/// cannot be imported is an `Error` that names operator, node and opset, and what can be instead.
Imported import_model(const std::string& path);
/// The same of a file that was read before.
Imported import_read(const Model& model, const std::string& path);

/// The network, its weights encoded into the sources of `card`.
Network network_of(Imported imported, const SourceCard& card);
/// The file's numbers for a network on the file's graph.
void give_weights(Imported imported, Network& network);

/// The images of the file's input as the engine takes them, and the engine's output as the file
/// means it (its number of images is that of the input).
Tensor images_of(const Imported& imported, const Array& input);
Array output_of(const Imported& imported, const Tensor& output);

/// (images, channels, height, width) to channels last and back; arrays of other ranks keep their
/// order.
Tensor to_channels_last(const Array& array, const MapShape& map);
std::vector<float> to_channels_first(const Tensor& tensor);

}  // namespace lightloom::nn::onnx
