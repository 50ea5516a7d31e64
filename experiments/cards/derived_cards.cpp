#include "experiments/cards/derived_cards.hpp"

#include <fmt/format.h>

namespace lightloom::experiments {

Experiment retrained(const Experiment& card, int training) {
  Experiment other = card;
  if (training == 0) return other;
  other.seed += static_cast<std::uint64_t>(training);
  other.resolved.at_or_add("seed") = Tree::of(fmt::format("{}", other.seed));
  // Not the keys of a card of that seed, whose images may be others.
  const std::string mark = fmt::format("/{}", training);
  other.keys.float_network += mark;
  other.keys.student += mark;
  return other;
}

Experiment with_baseline(const Experiment& card, std::size_t number) {
  Tree tree = card.resolved;
  Tree weights = tree.at_or_add("baselines").items.at(number);
  std::erase_if(weights.pairs, [](const TreeEntry& entry) { return entry.key == "label"; });
  tree.at_or_add("weights") = std::move(weights);
  // Trained weights to begin with are of the card's own source.
  std::erase_if(tree.at_or_add("train").pairs,
                [](const TreeEntry& entry) { return entry.key == "file"; });
  tree.at_or_add("baselines") = Tree::list();
  tree.at_or_add("measure") = Tree::list();
  tree.at_or_add("measure").items.push_back(Tree::of("accuracy"));
  std::erase_if(tree.pairs, [](const TreeEntry& entry) { return entry.key == "sweep"; });
  return read_experiment(tree);
}

}  // namespace lightloom::experiments
