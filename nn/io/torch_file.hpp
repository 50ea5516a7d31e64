#pragma once

#include <string>
#include <vector>

#include "nn/io/safetensors.hpp"

namespace lightloom::nn {

/// Reads the tensors of a state dict that `torch.save` wrote (.pt, .pth, .th): the zip archive of
/// PyTorch 1.6 and later, or the row of pickles of earlier ones. The dict may lie under one of the
/// usual keys (state_dict, model_state_dict, model, net, ...) of a training checkpoint. Only plain
/// strided tensors are read; no code of the file is run: a pickle's classes and functions are but
/// names here. Every problem is an `Error` that ends with what to do.
std::vector<NamedArray> read_torch(const std::string& path);

}  // namespace lightloom::nn
