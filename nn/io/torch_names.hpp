#pragma once

#include <cstddef>
#include <vector>

#include "nn/io/safetensors.hpp"
#include "nn/network/network.hpp"

namespace lightloom::nn {

/// Loads weights named as in PyTorch: <layer>.weight, .bias; <norm>.weight, .bias, .running_mean,
/// .running_var. Layer names are those of the graph, or a public spelling of them
/// (nn/io/torch_dialects.hpp). A layer that has a bias in the file only gets one. The columns of a
/// linear layer behind a flatten are reordered from channel-major to channels last. Missing,
/// unknown or misshapen tensors, other types than floats, NaN and infinities are an `Error` that
/// says what to do.
void import_torch(const std::vector<NamedArray>& arrays, Network& network);

/// How many of the network's own names are found so.
std::size_t own_names(const std::vector<NamedArray>& arrays, const Network& network);

/// The same way back, weights as the sources regenerate them.
std::vector<NamedArray> export_torch(Network& network);

}  // namespace lightloom::nn
