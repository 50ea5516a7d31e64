// What tells two cards apart.
#include <algorithm>

#include "core/error.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/comparison/card_difference.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

/// A card's file, or the card that results hold.
Tree card_of(const std::string& path, const std::vector<std::string>& settings) {
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return load_card(path, settings);
  require(settings.empty(), "--set belongs to a card, not to results ('{}')", path);
  const std::string text = text_attribute(read_labelled(path), "card");
  require(!text.empty(), "'{}' holds no card", path);
  return parse_yaml(text, path);
}

std::string shown(const CardValue& value) {
  return value.text.empty() ? "(no such key)" : fmt::format("{} [{}]", value.text, value.from);
}

Shown shown(const std::vector<CardDifference>& found) {
  Shown result{.json = {{"equal", found.empty()}, {"differences", Json::array()}}};
  std::size_t width = 0;
  for (const CardDifference& one : found) width = std::max(width, one.key.size());
  for (const CardDifference& one : found) {
    const auto json = [](const CardValue& value) {
      return value.text.empty() ? Json() : Json{{"value", value.text}, {"from", value.from}};
    };
    result.json["differences"].push_back(
        {{"key", one.key}, {"first", json(one.first)}, {"second", json(one.second)}});
    result.text +=
        fmt::format("{:<{}}  {}  |  {}\n", one.key, width, shown(one.first), shown(one.second));
  }
  if (found.empty()) result.text = "the cards are equal, defaults included\n";
  return result;
}

Shown do_diff(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string& first = operand(line, 0, "two cards (or one, with --set)");
  at_most_operands(line, 2);
  const bool one = line.operands.size() == 1;
  require(!one || !line.settings.empty() || line.seed,
          "lightloom diff needs two cards, or one card and what --set changes in it");
  require(one || (line.settings.empty() && !line.seed),
          "--set and --seed change one card, so lightloom diff takes them with one");
  const Tree other = one ? load_given_card(line) : card_of(line.operands[1], {});
  return shown(differing_keys(read_whole(card_of(first, {})), read_whole(other)));
}

}  // namespace

extern const Command diff_command{
    .name = "diff",
    .operand = "card card",
    .summary = "keys whose values differ between two cards, defaults included",
    .options = {},
    .run = do_diff};

}  // namespace lightloom::experiments
