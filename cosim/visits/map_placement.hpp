#pragma once

#include <span>

#include "cosim/visits/layer_setup.hpp"

namespace lightloom::cosim {

/// Bytes of the partial sums that wait between two column tiles: those of one row of tiles, or of
/// all rows where all rows of a column come first. None where there is one column, or where they
/// stay in accumulators (output-stationary).
double waiting_sum_bytes(const LayerSetup& setup);

/// Decides for all layers in order which feature maps stay in the activation buffer and which share
/// of the partial sums finds room beside them; what does not passes the DRAM. Of all ways, the one
/// with the fewest bytes: an output in DRAM is written and read again, by every row of tiles where
/// the input map is not kept; a spilled partial sum is written and read at every column but the
/// last. The first input comes from DRAM, the last output goes there. More capacity never moves
/// more bytes.
void place_maps(std::span<LayerSetup> setups);

}  // namespace lightloom::cosim
