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

/// Replaces a value of the swept section `path` by the card that it names, if it does; `base` is
/// the card without its sweep.
void open_value(Tree& value, const std::string& path, const Tree& base) {
  if (!stands_for_card(value)) return;
  Tree point = base;
  set_at(point, path, value, "./command-line");
  point = with_cards(with_model_name(std::move(point)), describe_experiment);
  if (Tree* found = find_at(point, path); found->kind != Tree::Kind::scalar)
    value = std::move(*found);
}

void open_values(Tree& values, const std::string& path, const Tree& base) {
  if (values.kind == Tree::Kind::list)
    for (Tree& value : values.items) open_value(value, path, base);
  else
    open_value(values, path, base);
}

/// Values of an axis, and those that its conditions ask of others.
void open_axis(Tree& axis, const std::string& path, const Tree& base) {
  if (Tree* values = axis.find("values")) open_values(*values, path, base);
  if (Tree* when = axis.find("when"))
    for (auto& [key, value] : when->pairs) open_values(value, key, base);
}

/// `axes` is the part of the sweep below `path`.
void open_axes(Tree& axes, const std::string& path, const Tree& base) {
  for (auto& [key, value] : axes.pairs) {
    const std::string full = path.empty() ? key : fmt::format("{}.{}", path, key);
    if (value.kind == Tree::Kind::list)
      open_values(value, full, base);
    else if (describes_axis(value))
      open_axis(value, full, base);
    else
      open_axes(value, full, base);
  }
}

void open_swept(Tree& sweep, const Tree& base) {
  if (sweep.find("design") == nullptr) return open_axes(sweep, "", base);
  if (Tree* axes = sweep.find("axes")) open_axes(*axes, "", base);
  if (Tree* points = sweep.find("points"))
    for (Tree& point : points->items)
      for (auto& [key, value] : point.pairs) open_value(value, key, base);
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

bool describes_axis(const Tree& mapping) {
  for (const char* key : {"values", "from", "when"})
    if (mapping.find(key) != nullptr) return true;
  return false;
}

Tree prepared(const Tree& given) {
  Tree tree = with_model_name(section_of(given));
  if (tree.find("sweep") == nullptr) return tree;
  Tree base = tree;
  std::erase_if(base.pairs, [](const TreeEntry& entry) { return entry.key == "sweep"; });
  Tree& sweep = tree.at_or_add("sweep");
  sweep = section_of(std::move(sweep));
  open_swept(sweep, base);
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
