#include "experiments/cards/short_forms.hpp"

#include <fmt/format.h>

#include "core/cards/card.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "nn/weights/direct/dense_source.hpp"
#include "nn/weights/direct/integer_source.hpp"

namespace lightloom::experiments {
namespace {

/// `model: cnn3`, `model: net.onnx` and `model: {onnx: net.onnx}` are short for {name: ...}.
Tree with_model_name(Tree tree) {
  if (tree.find("model") == nullptr) return tree;
  Tree& model = tree.at_or_add("model");
  model = section_of(std::move(model));
  if (model.kind == Tree::Kind::scalar) {
    Tree section = Tree::mapping();
    section.origin = model.origin;
    section.at_or_add("name") = model;
    model = std::move(section);
  }
  for (auto& [key, value] : model.pairs)
    if (key == "onnx" && model.find("name") == nullptr) key = "name";
  return tree;
}

/// Replaces values of swept sections by the cards that they name. `values` is the part of the sweep
/// below `path`, and `base` the card without its sweep.
void open_swept(Tree& values, const std::string& path, const Tree& base) {
  for (auto& [key, value] : values.pairs)
    open_swept(value, path.empty() ? key : fmt::format("{}.{}", path, key), base);
  for (Tree& value : values.items) {
    if (!stands_for_card(value)) continue;
    Tree point = base;
    set_at(point, path, value, "./command-line");
    point = with_cards(with_model_name(std::move(point)), describe_experiment);
    if (Tree* found = find_at(point, path); found->kind != Tree::Kind::scalar)
      value = std::move(*found);
  }
}

/// A source of the list, with its bits where it is not "".
Tree listed(const char* source, const char* bits) {
  Tree baseline = Tree::mapping();
  baseline.at_or_add("source") = Tree::of(source);
  if (*bits != '\0') baseline.at_or_add("bits") = Tree::of(bits);
  return baseline;
}

}  // namespace

void describe_experiment(Section& section) {
  Experiment unused;
  describe(section, unused);
}

Tree prepared(const Tree& given) {
  Tree tree = with_model_name(section_of(given));
  if (tree.find("sweep") == nullptr) return tree;
  Tree base = tree;
  std::erase_if(base.pairs, [](const TreeEntry& entry) { return entry.key == "sweep"; });
  Tree& sweep = tree.at_or_add("sweep");
  sweep = section_of(std::move(sweep));
  open_swept(sweep, "", base);
  return tree;
}

Tree with_baselines(Tree card) {
  const Tree* given = card.find("baselines");
  if (card.kind != Tree::Kind::mapping || (given != nullptr && given->kind != Tree::Kind::null))
    return card;
  Tree& list = card.at_or_add("baselines");
  list = Tree::list();
  for (const char* bits : {"8", "4", "3", "2"})
    list.items.push_back(listed(nn::integer_kind, bits));
  list.items.push_back(listed(nn::dense_kind, ""));
  return card;
}

}  // namespace lightloom::experiments
