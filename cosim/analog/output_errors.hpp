#pragma once

#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// Adds to a block what its chip is known to add to outputs (photonic::OutputErrors), in units of
/// the core: by every vector's number on the tile (TilePass::first_vector and on) the offset of its
/// phase, and noise of every output and of all outputs of the vector. Draws nothing where the chip
/// has none.
void add_output_errors(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block);

/// What the halves of inputs that are sent as (1 + x) / 2 add to the outputs of a tile in units of
/// the core, the sums of its realised weights; nullptr where the core sends none.
const float* halves_of(const TilePass& pass);
/// Adds them to what a block's converters see, behind what `add_output_errors` has put there.
void add_halves(const TilePass& pass, ReadoutScratch& scratch, ReadoutBlock& block);
/// Takes them off results of that many network units a unit.
void take_halves_off(const TilePass& pass, float gain, const ReadoutBlock& block);

}  // namespace lightloom::cosim
