#include "experiments/commands/card_input.hpp"

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

void set_seed(Tree& card, const CommandLine& line) {
  if (!line.seed) return;
  Tree seed = Tree::of(fmt::format("{}", *line.seed));
  seed.origin = "--seed";
  set_at(card, "seed", std::move(seed), ".");
}

}  // namespace

Tree card_or_settings(const CommandLine& line) {
  if (!line.operands.empty()) return load_given_card(line);
  Tree card = Tree::mapping();
  for (const std::string& setting : line.settings) apply_setting(card, setting, "./command-line");
  set_seed(card, line);
  return card;
}

Tree load_given_card(const CommandLine& line) {
  Tree card = load_card(only_operand(line, "a card"), line.settings);
  set_seed(card, line);
  return card;
}

}  // namespace lightloom::experiments
