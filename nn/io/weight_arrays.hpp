#pragma once

#include <string>
#include <vector>

#include "nn/io/safetensors.hpp"

namespace lightloom::nn {

/// Whether a file is one of other programs' weights (.safetensors, .npz, .pt, .pth, .th, .ckpt,
/// .bin of PyTorch), by its ending.
bool is_foreign_weights(const std::string& path);

/// Reads the named arrays of such a file: safetensors, NumPy's .npz, or what torch.save wrote.
/// Arrays of other types than floats have no values. Every problem is an `Error` naming the file.
std::vector<NamedArray> read_weight_arrays(const std::string& path);

}  // namespace lightloom::nn
