#include "nn/io/columns.hpp"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>

namespace lightloom::nn {
namespace {

/// Column numbers of channels-last order in channel-major order.
std::vector<std::size_t> channel_major_columns(const MapShape& map) {
  std::vector<std::size_t> from;
  const std::int64_t area = std::int64_t{map.height} * map.width;
  for (std::int64_t p = 0; p < area; ++p) {
    for (int c = 0; c < map.channels; ++c) {
      from.push_back(static_cast<std::size_t>(c * area + p));
    }
  }
  return from;
}

/// Whether the elements of the output stand where those of the (first) input do.
bool keeps_places(Op op) {
  return op == Op::dropout || op == Op::activation || op == Op::batch_norm || op == Op::affine ||
         op == Op::quantise || op == Op::softmax || op == Op::add || op == Op::multiply;
}

/// Whether every channel of the output is made from the same one of the (first) input alone.
bool keeps_channels(const Node& node) {
  return keeps_places(node.op) || node.op == Op::max_pool || node.op == Op::average_pool ||
         node.op == Op::global_pool || node.op == Op::flatten;
}

/// Parts joined last first: our channel after channel, where the file has it.
Channels joined_backwards(const Graph& graph, const Node& node, const ChannelOrder& order) {
  Channels channels;
  int behind = node.shape.channels;
  for (const int from : node.inputs) {
    behind -= graph.nodes[static_cast<std::size_t>(from)].shape.channels;
    for (const int channel : order[static_cast<std::size_t>(from)])
      channels.push_back(behind + channel);
  }
  return channels;
}

}  // namespace

MapShape flattened_map(const Graph& graph, int reader) {
  const Node* node = &graph.nodes[static_cast<std::size_t>(reader)];
  do {
    node = &graph.nodes[static_cast<std::size_t>(node->inputs.front())];
  } while (keeps_places(node->op));
  if (node->op != Op::flatten) return {1, 1, node->shape.channels};
  return graph.nodes[static_cast<std::size_t>(node->inputs.front())].shape;
}

std::vector<float> columns_to_channels_last(const std::vector<float>& weight, const MapShape& map) {
  const std::vector<std::size_t> from = channel_major_columns(map);
  std::vector<float> to(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) to[row + i] = weight[row + from[i]];
  }
  return to;
}

std::vector<float> columns_to_channels_first(const std::vector<float>& weight,
                                             const MapShape& map) {
  const std::vector<std::size_t> from = channel_major_columns(map);
  std::vector<float> to(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) to[row + from[i]] = weight[row + i];
  }
  return to;
}

ChannelOrder newest_first(const Graph& graph) {
  ChannelOrder order;
  for (const Node& node : graph.nodes) {
    Channels own(static_cast<std::size_t>(node.shape.channels));
    std::iota(own.begin(), own.end(), 0);
    if (node.op == Op::concat) own = joined_backwards(graph, node, order);
    if (keeps_channels(node)) own = order[static_cast<std::size_t>(node.inputs.front())];
    order.push_back(std::move(own));
  }
  return order;
}

std::vector<float> in_our_order(std::vector<float> values, std::int64_t rows,
                                const Channels& channels) {
  if (channels.empty()) return values;
  const auto parts = static_cast<std::size_t>(rows) * channels.size();
  const std::size_t run = values.size() / parts, row = channels.size() * run;
  std::vector<float> ours;
  ours.reserve(values.size());
  for (std::size_t start = 0; start < values.size(); start += row) {
    for (const int channel : channels) {
      const float* from = values.data() + start + static_cast<std::size_t>(channel) * run;
      ours.insert(ours.end(), from, from + run);
    }
  }
  return ours;
}

}  // namespace lightloom::nn
