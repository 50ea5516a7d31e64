#include "experiments/results/files/weight_file.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "experiments/results/files/provenance.hpp"
#include "nn/io/torch_names.hpp"
#include "nn/models/models.hpp"
#include "nn/network/weights_file.hpp"

namespace lightloom::experiments {
namespace {

constexpr const char* attribute = "network";

Tree name_tree(const std::string& name) {
  Tree tree = Tree::mapping();
  tree.at_or_add("name") = Tree::of(name);
  return tree;
}

/// The section `weights` without the path of trained weights.
Tree weights_tree(const Experiment& card) {
  Tree weights = *card.resolved.find("weights");
  std::erase_if(weights.pairs, [](const TreeEntry& entry) { return entry.key == "file"; });
  return weights;
}

/// Files of earlier versions have `bits` of kinds that have no use of it, which cards may not have.
void drop_unused_bits(Tree& weights) {
  const Tree* source = weights.find("source");
  for (const char* kind : {"smart_exchange", "smart_deal"})
    if (source != nullptr && source->scalar == kind)
      std::erase_if(weights.pairs, [](const TreeEntry& entry) { return entry.key == "bits"; });
  if (Tree* layers = weights.find("layers"))
    for (Tree& layer : layers->items) drop_unused_bits(layer);
}

}  // namespace

WeightIdentity identity_of(const Experiment& card) {
  Tree tree = Tree::mapping();
  tree.at_or_add("model") = name_tree(card.network.model);
  tree.at_or_add("dataset") = name_tree(card.network.dataset.name);
  tree.at_or_add("weights") = weights_tree(card);
  return {.model = card.network.model,
          .dataset = card.network.dataset.name,
          .weights = card.network.weights,
          .text = to_yaml(tree)};
}

WeightIdentity read_identity(const std::string& text, const std::string& origin) {
  WeightIdentity identity{.text = text};
  Tree tree = parse_yaml(text, origin);
  if (Tree* weights = tree.find("weights")) drop_unused_bits(*weights);
  read_tree(tree, [&](Section& section) {
    section.section("model", [&](Section& inner) { inner.value("name", identity.model); });
    section.section("dataset", [&](Section& inner) { inner.value("name", identity.dataset); });
    section.card("weights", identity.weights);
  });
  return identity;
}

WeightIdentity identity_in(const std::string& path) {
  const std::string text = text_attribute(read_labelled(path), attribute);
  require(!text.empty(),
          "'{}' does not say which network its weights belong to (not a file of `lightloom train`, "
          "or of an older one)",
          path);
  return read_identity(text, path);
}

nn::Network empty_network(const WeightIdentity& identity) {
  return {nn::build_graph(identity.model, identity.dataset), identity.weights, 0,
          nn::InitialWeights::none};
}

void save_any_weights(const std::string& path, nn::Network& network,
                      const std::map<std::string, std::string>& about) {
  if (path.ends_with(".safetensors"))
    nn::write_safetensors(path, nn::export_torch(network));
  else
    nn::save_weights(path, network, about);
}

void save_trained(const std::string& path, nn::Network& network, const WeightIdentity& identity) {
  save_any_weights(path, network, {{attribute, identity.text}});
}

}  // namespace lightloom::experiments
