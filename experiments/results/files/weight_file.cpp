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

/// The name alone of a known data set; of one's own its shape too.
Tree dataset_tree(const nn::DatasetShape& shape) {
  Tree tree = name_tree(shape.name);
  if (nn::find_dataset(shape.name) != nullptr && shape.task == nn::Task::classes) return tree;
  const auto add = [&](const char* key, int value) {
    tree.at_or_add(key) = Tree::of(std::to_string(value));
  };
  add("height", shape.image.height);
  add("width", shape.image.width);
  add("channels", shape.image.channels);
  add("classes", shape.classes);
  if (shape.task != nn::Task::classes)
    tree.at_or_add("task") =
        Tree::of(shape.task == nn::Task::regression ? "regression" : "autoencoder");
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
  WeightIdentity identity{.model = card.network.model,
                          .dataset = card.network.dataset.name,
                          .shape = nn::shape_of(card.network.dataset),
                          .weights = card.network.weights,
                          .text = {}};
  identity.text = text_with_weights(identity, weights_tree(card));
  return identity;
}

std::string text_with_weights(const WeightIdentity& identity, const Tree& weights) {
  Tree tree = Tree::mapping();
  tree.at_or_add("model") = name_tree(identity.model);
  tree.at_or_add("dataset") = dataset_tree(identity.shape);
  tree.at_or_add("weights") = weights;
  return to_yaml(tree);
}

WeightIdentity read_identity(const std::string& text, const std::string& origin) {
  WeightIdentity identity{.model = {}, .dataset = {}, .shape = {}, .weights = {}, .text = text};
  Tree tree = parse_yaml(text, origin);
  if (Tree* weights = tree.find("weights")) drop_unused_bits(*weights);
  read_tree(tree, [&](Section& section) {
    section.section("model", [&](Section& inner) { inner.value("name", identity.model); });
    nn::DatasetCard dataset;
    section.card("dataset", dataset);
    identity.dataset = dataset.name;
    identity.shape = nn::shape_of(dataset);
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
  return {nn::build_graph(identity.model, identity.shape), identity.weights, 0,
          nn::InitialWeights::none};
}

void save_any_weights(const std::string& path, nn::Network& network,
                      const std::map<std::string, std::string>& about) {
  if (path.ends_with(".safetensors"))
    nn::write_safetensors(path, nn::export_torch(network));
  else
    nn::save_weights(path, network, about);
}

std::map<std::string, std::string> texts_in(const std::string& path) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : read_labelled(path).attributes)
    if (const auto* text = std::get_if<std::string>(&value)) texts[name] = *text;
  return texts;
}

void save_trained(const std::string& path, nn::Network& network, const WeightIdentity& identity,
                  std::map<std::string, std::string> about) {
  about[attribute] = identity.text;
  save_any_weights(path, network, about);
}

}  // namespace lightloom::experiments
