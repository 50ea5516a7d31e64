#include "nn/freeze/prefix_cut.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/cards/words.hpp"
#include "core/error.hpp"

namespace lightloom::nn {
namespace {

/// Whether a node can go with a first part that holds all of its inputs: it has no weights, and
/// gives the same of the same whenever it is asked.
bool follows(const Node& node, const std::vector<bool>& first) {
  if (is_weight_layer(node.op) || node.op == Op::dropout || node.inputs.empty()) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](int input) { return first[static_cast<std::size_t>(input)]; });
}

const LayerShape& layer(const Network& network, int number) {
  return network.weight_layers()[static_cast<std::size_t>(number)].shape;
}

int layers_of(const Network& network) { return static_cast<int>(network.weight_layers().size()); }

/// A layer behind the first `layers` that is made of the words of one of them; -1: none.
int shared_across(const Network& network, int layers) {
  const auto all = network.weight_layers();
  const auto end = static_cast<std::size_t>(layers);
  for (std::size_t l = end; l < all.size(); ++l)
    for (std::size_t k = 0; k < end; ++k)
      if (all[l].source->shared_group() > 0 &&
          all[l].source->shared_group() == all[k].source->shared_group())
        return static_cast<int>(l);
  return -1;
}

bool is_legal(const Network& network, int layers) {
  return prefix_cut(network.graph(), layers).frontier.size() == 1 &&
         shared_across(network, layers) < 0;
}

/// "Cuts where one tensor passes: behind layer 1 (conv1), 3 (layer1.0.conv2)".
std::string legal_text(const Network& network) {
  std::vector<std::string> places;
  for (const int layers : legal_prefixes(network))
    places.push_back(fmt::format("{} ({})", layers, layer(network, layers - 1).name));
  return places.empty() ? "there is no other place to cut it at"
                        : fmt::format("it can be cut behind layer {}", fmt::join(places, ", "));
}

std::string near_text(const std::string& wanted, const Network& network) {
  std::vector<std::string> names;
  for (const WeightLayer& one : network.weight_layers()) names.push_back(one.shape.name);
  const std::string near = nearest_word(wanted, names);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  constexpr std::size_t most = 8;
  const bool more = names.size() > most;
  if (more) names.resize(most);
  return fmt::format("it has {}{}", fmt::join(names, ", "), more ? ", ..." : "");
}

/// The number of layers up to the last that has the card's name.
int named_layers(const Network& network, const std::string& name) {
  for (int l = layers_of(network); l > 0; --l)
    if (matches(name, layer(network, l - 1).name)) return l;
  throw Error(fmt::format(
      "train.freeze.last names the layer '{}', which '{}' does not have among those with weights "
      "({})",
      name, network.graph().name, near_text(name, network)));
}

}  // namespace

GraphCut prefix_cut(const Graph& graph, int layers) {
  const std::vector<int> nodes = weight_nodes(graph);
  std::vector<int> inside(nodes.begin(), nodes.begin() + layers);
  GraphCut cut = cut_behind(graph, inside), latest = cut;
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    if (cut.first[n] || !follows(graph.nodes[n], cut.first)) continue;
    inside.push_back(static_cast<int>(n));
    cut = cut_behind(graph, inside);
    if (cut.frontier.size() == 1) latest = cut;
  }
  return latest;
}

std::vector<int> legal_prefixes(const Network& network) {
  std::vector<int> legal;
  for (int layers = 1; layers < layers_of(network); ++layers)
    if (is_legal(network, layers)) legal.push_back(layers);
  return legal;
}

int frozen_layers(const Network& network, const FreezeCard& card) {
  const int all = layers_of(network);
  const int layers = card.last.empty() ? card.layers : named_layers(network, card.last);
  const std::string& name = network.graph().name;
  require(layers < all,
          "train.freeze freezes {} layers, but '{}' has {} with weights, of which the last must be "
          "left to train ({})",
          layers, name, all, legal_text(network));
  const std::size_t tensors = prefix_cut(network.graph(), layers).frontier.size();
  const std::string& last = layer(network, layers - 1).name;
  require(tensors == 1,
          "train.freeze cuts '{}' behind layer {} ({}), where {} tensors pass and one can be kept "
          "({})",
          name, layers, last, tensors, legal_text(network));
  const int shared = shared_across(network, layers);
  require(shared < 0,
          "train.freeze cuts '{}' behind layer {} ({}), but the weights of layer {} ({}) are made "
          "of words that frozen ones are made of too ({})",
          name, layers, last, shared + 1, shared < 0 ? "" : layer(network, shared).name,
          legal_text(network));
  return layers;
}

}  // namespace lightloom::nn
