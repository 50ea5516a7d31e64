#pragma once

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The model with convolutions and pools along one axis (images, channels, length) written as those
/// of maps of height 1, an Unsqueeze before and a Squeeze behind them.
Model with_maps_for_lines(Model model);

}  // namespace lightloom::nn::onnx
