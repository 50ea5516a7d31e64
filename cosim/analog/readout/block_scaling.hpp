#pragma once

#include <span>
#include <vector>

#include "cosim/analog/readout/converter_errors.hpp"
#include "cosim/analog/readout/tile_readout.hpp"
#include "photonic/readout/block_floating_point.hpp"

namespace lightloom::cosim {

/// Puts weights (tiles, rows, columns) in units of their blocks' scales, in place. Returns the
/// scales (tiles, rows), equal over the rows of a tile where its weights share one.
std::vector<float> scale_weights(photonic::WeightBlock block, std::span<float> weights, int rows,
                                 int columns);

/// Codes the inputs of a block that lie next to each other (gather_inputs): each position's by
/// `dacs.code` in units of its own scale, each through the DAC of its column. `sent.scales`
/// receives the scales, `sent.values` the coded inputs.
void code_blocks(const InputDacs& dacs, int positions, SentInputs& sent);

/// Numbers of the network from converted sums in units of a core's full scale.
struct BlockSums {
  std::span<const float> sums;           // (positions, rows)
  std::span<const float> vector_scales;  // (positions)
  std::span<const float> weight_scales;  // (rows)
  float gain = 1;                        // of all, with the sign of the pass
};
/// Adds them to the outputs of `block`.
void add_blocks(const BlockSums& sums, const ReadoutBlock& block);

}  // namespace lightloom::cosim
