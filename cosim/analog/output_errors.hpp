#pragma once

#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// Adds to a block what its chip is known to add to outputs (photonic::OutputErrors), in units of
/// the core: by every vector's number on the tile (TilePass::first_vector and on) the offset of its
/// phase, and noise of every output and of all outputs of the vector. Draws nothing where the chip
/// has none.
void add_output_errors(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block);

}  // namespace lightloom::cosim
