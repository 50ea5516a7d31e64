#pragma once

#include "core/cards/card.hpp"
#include "memory/buffers/buffer_card.hpp"
#include "memory/dram/dram_card.hpp"

namespace lightloom::memory {

/// The levels an accelerator reads and writes: DRAM and three buffers on chip.
struct MemoryCard {
  DramCard dram;
  BufferCard
      weight_buffer;  // stored words as they come from DRAM (weights, or bases and coefficients)
  BufferCard tile_buffer;        // regenerated tiles that wait for the core
  BufferCard activation_buffer;  // feature maps and partial sums
  bool line_buffer =
      true;  // registers keep kernel rows: a pass over a tile reads each input element once
  double register_pJ_per_bit = 0.009;  // one register written or read
};

void describe(Section& section, MemoryCard& card);

}  // namespace lightloom::memory
