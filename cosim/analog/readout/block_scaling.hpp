#pragma once

#include <span>
#include <vector>

#include "cosim/analog/readout/converter_errors.hpp"
#include "cosim/analog/readout/tile_readout.hpp"
#include "photonic/readout/block_floating_point.hpp"

namespace lightloom::cosim {

/// Puts weights (tiles, rows, columns) in units of their blocks' scales, in place. Returns the
/// scales (tiles, rows), equal over the rows of a tile where its weights share one, with 4 *
/// `readout_lanes` zeros behind them.
std::vector<float> scale_weights(photonic::WeightBlock block, std::span<float> weights, int rows,
                                 int columns);

/// `gather_inputs` of numbers that are not coded yet: codes each position's by `dacs.code` in units
/// of its own scale, each through the DAC of its column. `sent.scales` receives the scales.
void gather_blocks(std::span<const InputRun> runs, const InputDacs& dacs, ReadoutBlock& block,
                   SentInputs& sent);

}  // namespace lightloom::cosim
