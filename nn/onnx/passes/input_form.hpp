#pragma once

#include "nn/graph/graph.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The images that a model takes: maps if its input has four axes, channels first or last, or is
/// turned into maps at once, lines (images, channels, length) that windows run along as maps of
/// height 1; else rows of numbers.
struct InputForm {
  MapShape image;
  bool channels_last = false;  // (images, height, width, channels) in the file
};

/// Throws `Error` for several inputs, and for images whose size is open or beyond 2^28 numbers.
InputForm input_form(const Model& model);

}  // namespace lightloom::nn::onnx
