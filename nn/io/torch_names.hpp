#pragma once

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

/// The same way back, weights as the sources regenerate them.
std::vector<NamedArray> export_torch(Network& network);

/// The map that node `reader`, a linear layer or another reader of rows, sees flattened: (1, 1,
/// channels) if none is.
MapShape flattened_map(const Graph& graph, int reader);

/// Reorders the columns of a linear weight [out, H*W*C] between channel-major (c, h, w), as most
/// tools flatten, and channels last (h, w, c).
std::vector<float> columns_to_channels_last(const std::vector<float>& weight, const MapShape& map);
std::vector<float> columns_to_channels_first(const std::vector<float>& weight, const MapShape& map);

}  // namespace lightloom::nn
