#include "nn/reversible/branch_card.hpp"

namespace lightloom::nn {

void describe(Section& section, BranchCard& card) {
  section.value("blocks", card.blocks, {.low = 1, .high = 1000});
  section.value("channels", card.channels, {.low = 1, .high = 4096});
  section.value("size", card.size, {.low = 0, .high = 4096});
  section.value("taps", card.taps);
  section.value("fraction_bits", card.fraction_bits, {.low = 0, .high = 24});
  section.choice("keeps", card.keeps,
                 {{"last_pair", BranchKeeps::last_pair}, {"everything", BranchKeeps::everything}});
  section.value("epochs", card.epochs, not_negative);
  section.value("batch", card.batch, {.low = 1, .high = 1 << 16});
  describe(section, card.schedule);
  describe(section, card.optimizer);
}

}  // namespace lightloom::nn
