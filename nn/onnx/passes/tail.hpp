#pragma once

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The model up to its logits: the first output, without what only makes probabilities, their
/// logarithms, labels or ranks of them (Softmax, LogSoftmax, Hardmax, Log of a Softmax, ArgMax,
/// TopK, ZipMap, and casts and shapes behind these) and without operations that are not needed for
/// it. Predictions stay the same, and training needs the logits.
Model up_to_logits(Model model);

}  // namespace lightloom::nn::onnx
