// Experiment cards: parsed, read with all their sections, written out and parsed again.
#include "core/cards/tree.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const Tree tree = parse_yaml(text_of(input), "card.yaml");
  const std::string text = to_yaml(tree);
  demand(to_yaml(parse_yaml(text, "again.yaml")) == text, "a card changes when it is written");
  (void)experiments::read_experiment(tree);
}

std::vector<Seed> seeds() { return shipped_cards("experiments"); }

}  // namespace lightloom::fuzz
