#pragma once

#include <cstdint>

#include "cosim/analog/input_reads.hpp"
#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// What went through the ADCs.
struct BlockCounts {
  std::int64_t conversions = 0, saturated = 0;
};

/// How a pass is read. While ranges are found: whole numbers, without noise and ADC.
struct PassReads {
  const InputReads& inputs;
  bool finds_ranges = false;
};

/// Shots that a pass over a block takes, each with noise of its own: `TilePass::shot` and those
/// that follow it in steps of `shot_step`.
inline constexpr std::uint64_t shot_step = std::uint64_t{1} << 20;

/// Reads one tile over a block of positions and adds the results, in the network's units, to the
/// outputs of the block. Each read gets its noise and its conversion; or, where reads are
/// integrated, the noise of the light read by read, and their weighed sum one conversion with the
/// noise of the ADC.
BlockCounts read_block(const TilePass& pass, const PassReads& how, const ReadoutBlock& block,
                       ReadoutScratch& scratch);

}  // namespace lightloom::cosim
