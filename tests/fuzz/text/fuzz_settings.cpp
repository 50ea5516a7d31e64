// `--set key.path=value`, one a line, on top of a card.
#include <sstream>

#include "core/cards/tree.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  Tree card = Tree::mapping();
  std::istringstream lines(text_of(input));
  for (std::string line; std::getline(lines, line);) apply_setting(card, line, "./command-line");
  (void)experiments::read_experiment(card);
}

std::vector<Seed> seeds() {
  return {{"numbers", bytes_of("seed=7\ndataset.train_limit=600\ntrain.epochs=5")},
          {"mapping", bytes_of("weights={source: multilevel, bits: {basis: 3}}\nmodel=cnn3")},
          {"list", bytes_of("sweep={core.rows: [8, 16]}\nbaselines=[{source: dense}]")},
          {"deep", bytes_of("core.shifter.settle_us=1e-3\ncore.shifter={}\ncore.shifter.x=1")}};
}

}  // namespace lightloom::fuzz
