#pragma once

#include "nn/onnx/translation/imported.hpp"

namespace lightloom::nn::onnx {

/// Leaves out the nodes that `output` does not need, so that it is the last one.
void keep_what_leads_to(int output, Imported& imported);

}  // namespace lightloom::nn::onnx
