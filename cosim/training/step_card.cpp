#include "cosim/training/step_card.hpp"

namespace lightloom::cosim {

void describe(Section& section, TrainingStepCard& card) {
  section.value("batch", card.batch, {.low = 1, .high = 65536});
  section.value("bits", card.bits, {.low = 1, .high = 32});
  section.choice("order", card.order, {{"images", StepOrder::images}, {"tiles", StepOrder::tiles}});
  section.value("temperature_K", card.temperature_K, {.low = 200, .high = 450});
  section.card("buffer", card.buffer);
  if (card.buffer.kind != memory::BufferKind::edram)
    section.problem("buffer",
                    "is the embedded DRAM whose refreshes are counted, and its kind is sram (give "
                    "kind: edram; SRAM of the same area stands beside it)");
  card.sram.node_nm = card.buffer.node_nm;
  card.sram.word_bytes = card.buffer.word_bytes;
  card.sram.banks = card.buffer.banks;
  section.card("sram", card.sram);
  if (card.sram.kind != memory::BufferKind::sram)
    section.problem("sram", "is what the eDRAM is compared with, and its kind is edram");
  if (card.sram.area_mm2 > 0)
    section.problem("sram",
                    "has area_mm2, and its capacity is the one that takes the eDRAM's area (leave "
                    "it out)");
}

}  // namespace lightloom::cosim
