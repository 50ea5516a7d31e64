// DRAM cards and memory hierarchies.
#include "core/cards/tree.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/memory_card.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const Tree tree = parse_yaml(text_of(input), "memory.yaml");
  if (tree.find("dram") != nullptr) (void)read_card<memory::MemoryCard>(tree);
  const memory::DramCard card = memory::read_dram(tree);
  memory::validate(card);
  (void)card.peak_GBps();
  (void)card.organization.bytes();
  (void)card.refresh_turns();
}

std::vector<Seed> seeds() { return shipped_cards("memory"); }

}  // namespace lightloom::fuzz
