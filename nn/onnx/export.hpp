#pragma once

#include <string>

#include "nn/network/network.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// A network as an ONNX model (opset 20): NCHW, an open number of images, weights as their sources
/// regenerate them, linear weights in channel-major columns. Activation quantisers are not part of
/// it.
Model export_model(Network& network);

/// Writes it to a file, complete or not at all.
void export_network(const std::string& path, Network& network);

}  // namespace lightloom::nn::onnx
