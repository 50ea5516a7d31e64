// Cards of tensor cores and chips, and the core that a card describes.
#include "core/cards/tree.hpp"
#include "photonic/cores/core_table.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  (void)photonic::describe_core(
      read_card<photonic::CoreCard>(parse_yaml(text_of(input), "core.yaml")));
}

std::vector<Seed> seeds() { return shipped_cards("devices"); }

}  // namespace lightloom::fuzz
