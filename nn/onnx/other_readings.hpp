#pragma once

#include <string>
#include <vector>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// Another computation that expected outputs may come from than the one that the file states.
struct OtherReading {
  Model model;
  std::string meaning;  // "... it is as expected (...)": a clause for the reason of a failure
};

/// The known ones of a model: quantisers that do not round (references in floating point), ,
/// PyTorch's pixel centres where Upsample and Resize before opset 11 count from the corner, and its
/// circular padding where the file's is one row off.
std::vector<OtherReading> other_readings(const Model& model);

}  // namespace lightloom::nn::onnx
