#include "memory/memory_card.hpp"

namespace lightloom::memory {

void describe(Section& section, MemoryCard& card) {
  section.card("dram", card.dram);
  section.card("weight_buffer", card.weight_buffer);
  section.card("tile_buffer", card.tile_buffer);
  section.card("activation_buffer", card.activation_buffer);
  section.value("line_buffer", card.line_buffer);
  section.value("register_pJ_per_bit", card.register_pJ_per_bit, not_negative);
}

}  // namespace lightloom::memory
