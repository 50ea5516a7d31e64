#include "experiments/comparison/card_difference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {
namespace {

/// "card.yaml:12"; of a setting all is one line.
std::string place_text(const std::string& origin) {
  return origin.starts_with("--set") ? origin.substr(0, origin.rfind(':')) : origin;
}

/// The same place in both trees of a card; nullptr where a tree has none.
struct Place {
  const Tree* given = nullptr;
  const Tree* resolved = nullptr;
  std::string from = "default";  // of what stands there

  /// Of a tree below this one's.
  [[nodiscard]] Place below(const Tree* next_given, const Tree* next_resolved) const {
    Place next{next_given, next_resolved, from};
    if (next_given != nullptr && !next_given->origin.empty())
      next.from = place_text(next_given->origin);
    if (next_given == nullptr) next.from = "default";
    return next;
  }
  [[nodiscard]] Place at(const std::string& key) const {
    return below(given == nullptr ? nullptr : given->find(key),
                 resolved == nullptr ? nullptr : resolved->find(key));
  }
  [[nodiscard]] Place at(std::size_t index) const {
    const auto item = [index](const Tree* list) {
      return list != nullptr && index < list->items.size() ? &list->items[index] : nullptr;
    };
    return below(item(given), item(resolved));
  }
  [[nodiscard]] CardValue value() const {
    if (resolved == nullptr) return {};
    const std::string text = flow_text(*resolved);
    return {text.empty() ? "''" : text, from};
  }
};

bool is(const Tree* tree, Tree::Kind kind) { return tree != nullptr && tree->kind == kind; }

bool holds_mappings(const Tree* tree) {
  return is(tree, Tree::Kind::list) && !tree->items.empty() &&
         std::all_of(tree->items.begin(), tree->items.end(),
                     [](const Tree& item) { return item.kind == Tree::Kind::mapping; });
}

/// Whether a key says where numbers come from. Weight sources are named by a key of that name.
bool is_provenance(const std::string& path, const std::string& key) {
  return key == "source" && path != "weights" && !path.starts_with("weights.layers[") &&
         !path.starts_with("baselines[");
}

class Walk {
 public:
  void compare(const std::string& path, const Place& first, const Place& second) {
    if (is(first.resolved, Tree::Kind::mapping) && is(second.resolved, Tree::Kind::mapping))
      return compare_keys(path, first, second);
    const bool lists = holds_mappings(first.resolved) && holds_mappings(second.resolved) &&
                       first.resolved->items.size() == second.resolved->items.size();
    for (std::size_t i = 0; lists && i < first.resolved->items.size(); ++i)
      compare(fmt::format("{}[{}]", path, i), first.at(i), second.at(i));
    if (lists) return;
    CardDifference one{path, first.value(), second.value()};
    if (one.first.text != one.second.text) found.push_back(std::move(one));
  }

  std::vector<CardDifference> found;

 private:
  void compare_keys(const std::string& path, const Place& first, const Place& second) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : first.resolved->pairs) keys.push_back(key);
    for (const auto& [key, value] : second.resolved->pairs)
      if (first.resolved->find(key) == nullptr) keys.push_back(key);
    for (const std::string& key : keys)
      if (!is_provenance(path, key))
        compare(path.empty() ? key : fmt::format("{}.{}", path, key), first.at(key),
                second.at(key));
  }
};

Place top(const ReadCard& card) { return {.given = &card.given, .resolved = &card.resolved}; }

}  // namespace

ReadCard read_whole(const Tree& card) {
  return {.given = with_cards_of_experiment(card), .resolved = read_experiment(card).resolved};
}

std::vector<CardDifference> differing_keys(const ReadCard& first, const ReadCard& second) {
  Walk walk;
  walk.compare("", top(first), top(second));
  return std::move(walk.found);
}

}  // namespace lightloom::experiments
