#pragma once

#include <cstdint>
#include <vector>

#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// The map that node `reader`, a linear layer or another reader of rows, sees flattened: (1, 1,
/// channels) if none is.
MapShape flattened_map(const Graph& graph, int reader);

/// Reorders the columns of a linear weight [out, H*W*C] between channel-major (c, h, w), as most
/// tools flatten, and channels last (h, w, c).
std::vector<float> columns_to_channels_last(const std::vector<float>& weight, const MapShape& map);
std::vector<float> columns_to_channels_first(const std::vector<float>& weight, const MapShape& map);

/// Where a file has the channels of a map, by our numbers of them; none: where we have them.
using Channels = std::vector<int>;
/// The same of the output of every node of a graph.
using ChannelOrder = std::vector<Channels>;

/// Of files whose networks join maps with the newest part in front (kuangliu's DenseNet:
/// torch.cat([out, x], 1)), where ours, the paper's and torchvision's put it behind.
ChannelOrder newest_first(const Graph& graph);

/// An array of (rows, channels, ...), its channels moved from a file's order into ours.
std::vector<float> in_our_order(std::vector<float> values, std::int64_t rows,
                                const Channels& channels);

}  // namespace lightloom::nn
