#include "nn/slimmable/scaled_graph.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "nn/freeze/prefix_cut.hpp"

namespace lightloom::nn {
namespace {

std::vector<int> first_channels(int count) {
  std::vector<int> channels(static_cast<std::size_t>(count));
  std::iota(channels.begin(), channels.end(), 0);
  return channels;
}

/// Whether the outputs of a node reach the graph's answer through no other layer of weights.
std::vector<bool> answering(const Graph& graph) {
  std::vector<bool> answers(graph.nodes.size(), false);
  answers.back() = true;
  for (std::size_t n = graph.nodes.size(); n-- > 1;)
    if (answers[n] && !is_weight_layer(graph.nodes[n].op))
      for (const int input : graph.nodes[n].inputs) answers[static_cast<std::size_t>(input)] = true;
  return answers;
}

class Scaling {
 public:
  Scaling(const Graph& whole, std::span<const double> shares)
      : whole_(whole), shares_(shares), answers_(answering(whole)) {
    scaled_.graph.name = whole.name;
    for (std::size_t n = 0; n < whole.nodes.size(); ++n) add(n);
  }
  ScaledGraph take() && { return std::move(scaled_); }

 private:
  void add(std::size_t n) {
    scaled_.graph.nodes.push_back(whole_.nodes[n]);
    Node& node = scaled_.graph.nodes.back();
    scaled_.kept.push_back(channels_of(n, node));
    node.shape.channels = static_cast<int>(scaled_.kept.back().size());
  }

  [[nodiscard]] const std::vector<int>& input(const Node& node, std::size_t k = 0) const {
    return scaled_.kept[static_cast<std::size_t>(node.inputs[k])];
  }

  /// The first channels of node `n`, as many as its share leaves.
  [[nodiscard]] std::vector<int> share_of(std::size_t n) const {
    const Node& node = whole_.nodes[n];
    if (answers_[n]) return first_channels(node.shape.channels);
    const int count = static_cast<int>(std::lround(shares_[n] * node.shape.channels));
    require(count > 0, "a width of {} leaves '{}' none of its {} channels (a larger one does)",
            shares_[n], node.name, node.shape.channels);
    return first_channels(count);
  }

  [[nodiscard]] std::vector<int> channels_of(std::size_t n, Node& node) const {
    switch (node.op) {
      case Op::input:
        return first_channels(node.shape.channels);
      case Op::convolution:
      case Op::linear:
        return layer_channels(n, node);
      case Op::batch_norm:
      case Op::affine:
      case Op::activation:
      case Op::max_pool:
      case Op::average_pool:
      case Op::global_pool:
      case Op::dropout:
      case Op::softmax:
      case Op::quantise:
        return input(node);
      case Op::add:
      case Op::multiply:
        return common_channels(node);
      case Op::concat:
        return joined_channels(node);
      case Op::flatten:
        return flat_channels(node);
      case Op::subsample:
        return padded_channels(n, node);
      default:
        throw Error(fmt::format(
            "'{}' cannot be sliced into widths (its node '{}' mixes channels, or has numbers for "
            "each)",
            whole_.name, node.name));
    }
  }

  [[nodiscard]] std::vector<int> layer_channels(std::size_t n, Node& node) const {
    const MapShape& in = whole_.nodes[static_cast<std::size_t>(node.inputs.front())].shape;
    if (node.groups == 1) return share_of(n);
    require(node.groups == in.channels && node.shape.channels == in.channels,
            "'{}' cannot be sliced into widths (layer '{}' has groups of channels)", whole_.name,
            node.name);
    node.groups = static_cast<int>(input(node).size());
    return input(node);
  }

  [[nodiscard]] std::vector<int> common_channels(const Node& node) const {
    require(input(node, 0) == input(node, 1),
            "'{}' cannot be sliced into these widths (node '{}' joins {} and {} channels; a gate "
            "goes where their number changes)",
            whole_.name, node.name, input(node, 0).size(), input(node, 1).size());
    return input(node);
  }

  [[nodiscard]] std::vector<int> joined_channels(const Node& node) const {
    std::vector<int> channels;
    int before = 0;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      for (const int channel : input(node, k)) channels.push_back(before + channel);
      before += whole_.nodes[static_cast<std::size_t>(node.inputs[k])].shape.channels;
    }
    return channels;
  }

  [[nodiscard]] std::vector<int> flat_channels(const Node& node) const {
    const MapShape& map = whole_.nodes[static_cast<std::size_t>(node.inputs.front())].shape;
    std::vector<int> channels;
    for (int position = 0; position < map.height * map.width; ++position)
      for (const int channel : input(node)) channels.push_back(position * map.channels + channel);
    return channels;
  }

  /// Zero channels on both sides, as in the ordinary network of that width.
  [[nodiscard]] std::vector<int> padded_channels(std::size_t n, const Node& node) const {
    std::vector<int> channels = share_of(n);
    const std::size_t before = input(node).size();
    require(channels.size() >= before && (channels.size() - before) % 2 == 0,
            "'{}' cannot be sliced into these widths (the shortcut '{}' has {} channels before it "
            "and {} behind, to which zeros are added in pairs; choose a narrower trunk or other "
            "widths)",
            whole_.name, node.name, before, channels.size());
    return channels;
  }

  const Graph& whole_;
  std::span<const double> shares_;
  std::vector<bool> answers_;
  ScaledGraph scaled_;
};

}  // namespace

ScaledGraph scaled_graph(const Graph& whole, std::span<const double> shares) {
  return Scaling(whole, shares).take();
}

std::vector<double> width_shares(const GraphCut& cut, double trunk, double rest) {
  std::vector<double> shares;
  for (const bool first : cut.first) shares.push_back(first ? trunk : rest);
  return shares;
}

GraphCut cut_behind_layer(const Graph& graph, const std::string& name) {
  const std::vector<int> nodes = weight_nodes(graph);
  std::vector<std::string> places;
  for (std::size_t l = 0; l + 1 < nodes.size(); ++l) {
    GraphCut cut = prefix_cut(graph, static_cast<int>(l) + 1);
    if (cut.frontier.size() != 1) continue;
    const std::string& layer = graph.nodes[static_cast<std::size_t>(nodes[l])].name;
    if (layer == name) return cut;
    places.push_back(layer);
  }
  throw Error(fmt::format(
      "slimmable.gate.after is '{}', but a gate of '{}' can stand behind {} alone, where "
      "one tensor passes and a layer follows",
      name, graph.name, fmt::join(places, ", ")));
}

}  // namespace lightloom::nn
