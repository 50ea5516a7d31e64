#pragma once

#include "cosim/training/step_schedule.hpp"
#include "memory/buffers/buffer_card.hpp"

namespace lightloom::cosim {

/// The section `training_step` of a card: one step of training on the card's core, whose maps
/// (activations and gradients) are kept in embedded DRAM, beside SRAM of the same area.
struct TrainingStepCard {
  int batch = 8;                       // images of a step
  double bits = 8;                     // of a number of a map
  StepOrder order = StepOrder::tiles;  // tiles: weights stay while a batch goes by
  double temperature_K = 350;          // of the eDRAM; retention halves every 10 K
  memory::BufferCard buffer{.kind = memory::BufferKind::edram, .capacity_KB = 576, .node_nm = 32};
  memory::BufferCard sram{.node_nm = 32};  // whose capacity follows from the area
};

/// Keys: batch, bits, order, temperature_K, buffer (a mapping or card of a buffer), sram (without
/// capacity_KB and area_mm2).
void describe(Section& section, TrainingStepCard& card);

}  // namespace lightloom::cosim
